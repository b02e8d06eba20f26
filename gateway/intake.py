"""Takes an upload in: from the body's parts to a study that lies safely in ``uploads/``."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID, uuid4

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.volumes import Volumes, uploads_path
from gateway.body import Limits, too_large
from gateway.parts import FILE_PART, PartBegins, Parts
from gateway.recognition import HEAD_BYTES, recognise
from gateway.refusals import Refusal, RefusedUploadError
from gateway.staging import BUFFER_BYTES, StagedFile, Staging, staged

SPACE_CHECK_BYTES = 64 * BUFFER_BYTES
"""Free space is looked at again each time so much has arrived."""


@contextlib.asynccontextmanager
async def take_in(
    parts: Parts,
    *,
    volumes: Volumes,
    limits: Limits,
    content_length: int | None,
    traceparent: str | None,
    study_id: UUID | None = None,
    expected_instances: int | None = None,
    study_instance_uid: str | None = None,
    of_every_kind: bool = False,
) -> AsyncIterator[Intake]:
    """Receive a study. Inside the context it lies in ``uploads/``; an exception there removes it.

    Args:
        parts: what the request's body says, as it arrives; closed at the end.
        volumes: where studies go.
        limits: what the upload may cost.
        content_length: size of the body in bytes if the client has told it.
        traceparent: trace context to hand on.
        study_id: the id that the upload gets; a new one when not given.
        expected_instances: how many instances the study has, if the client has told it.
        study_instance_uid: what every instance has to have, if the client has told it.
        of_every_kind: whether files that are plainly no DICOM are taken too, so that the report
            says of each what is wrong; else one of them refuses the upload.

    Raises:
        RefusedUploadError: the upload cannot be accepted; nothing of it is left.
    """
    study_id = study_id or uuid4()
    async with staged(volumes, study_id, limits.min_free_bytes, content_length or 0) as staging:
        files = await receive(parts, staging, limits, of_every_kind=of_every_kind)
        event = StudyUploaded.new(
            source="gateway",
            subject=study_id,
            data=StudyUploadedData(
                directory=uploads_path(study_id),
                file_count=len(files),
                size_bytes=sum(file.size_bytes for file in files),
            ),
            traceparent=traceparent,
        )
        intake = Intake(
            event=event,
            files=tuple(files),
            expected_instances=expected_instances,
            study_instance_uid=study_instance_uid,
        )
        await staging.commit(intake)
        yield intake


async def receive(
    parts: Parts, staging: Staging, limits: Limits, *, of_every_kind: bool = False
) -> list[StoredFile]:
    """Write the files to disk."""
    files: list[StoredFile] = []
    budget = _Budget(staging, limits)
    async with aclosing(parts):
        async for event in parts:
            if isinstance(event, PartBegins):
                _check_part(event, len(files), limits)
                file = staging.open(event.sent_as)
                files.append(await _receive_file(parts, file, budget, judged=not of_every_kind))
    if not files:
        detail = f"The form has no part named '{FILE_PART}'."
        raise RefusedUploadError(Refusal.NO_FILE_PART, detail)
    return files


async def _receive_file(
    parts: Parts, file: StagedFile, budget: "_Budget", *, judged: bool
) -> StoredFile:
    """Write the bytes up to the end of the part."""
    head = b""
    async for piece in parts:
        if not isinstance(piece, bytes):
            break
        await budget.spend(len(piece))
        if judged and len(head) < HEAD_BYTES:
            head += piece[: HEAD_BYTES - len(head)]
            if len(head) == HEAD_BYTES:
                _check_kind(head)
        await file.write(piece)
    if judged and not file.size_bytes:
        raise RefusedUploadError(Refusal.EMPTY_FILE, "The file has no bytes.")
    if judged and len(head) < HEAD_BYTES:
        _check_kind(head)
    return await file.finish()


class _Budget:
    """What an upload may still send."""

    def __init__(self, staging: Staging, limits: Limits) -> None:
        self._staging = staging
        self._limits = limits
        self._total = self._checked = 0

    async def spend(self, size: int) -> None:
        self._total += size
        if self._total > self._limits.max_upload_bytes:
            raise too_large(self._limits)
        if self._total - self._checked >= SPACE_CHECK_BYTES:
            self._checked = self._total
            await self._staging.check_space()


def _check_part(part: PartBegins, files_so_far: int, limits: Limits) -> None:
    if part.name != FILE_PART:
        detail = f"The form has a part named '{part.name[:100]}'; only '{FILE_PART}' is known."
        raise RefusedUploadError(Refusal.UNEXPECTED_PART, detail)
    if files_so_far >= limits.max_files:
        detail = f"An upload may have {limits.max_files} files."
        raise RefusedUploadError(Refusal.TOO_MANY_FILES, detail)


def _check_kind(head: bytes) -> None:
    if kind := recognise(head):
        raise RefusedUploadError(Refusal.NOT_DICOM, f"The file is {kind}, not DICOM.")
