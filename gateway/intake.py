"""Takes an upload in: from the form's bytes to a study that lies safely in ``uploads/``."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import uuid4

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.volumes import Volumes, uploads_path
from gateway.form import FormEvent, PartBegins, read_form
from gateway.recognition import HEAD_BYTES, recognise
from gateway.refusals import Refusal, RefusedUploadError
from gateway.staging import BUFFER_BYTES, StagedFile, Staging, out_of_space

FILE_PART = "file"
MOST_FILES = 1
FORM_OVERHEAD_BYTES = 64 * 1024
"""A form's boundaries and headers may make a body so much larger than its files."""
SPACE_CHECK_BYTES = 64 * BUFFER_BYTES
"""Free space is looked at again each time so much has arrived."""


@dataclass(frozen=True)
class Limits:
    """What an upload may cost."""

    max_upload_bytes: int
    min_free_bytes: int
    idle_timeout_seconds: float
    max_upload_seconds: float


@contextlib.asynccontextmanager
async def take_in(
    body: AsyncIterator[bytes],
    boundary: str,
    *,
    volumes: Volumes,
    limits: Limits,
    content_length: int | None,
    traceparent: str | None,
    expected_instances: int | None = None,
) -> AsyncIterator[Intake]:
    """Receive a study. Inside the context it lies in ``uploads/``; an exception there removes it.

    Args:
        body: the request's body as it arrives.
        boundary: of the multipart form.
        volumes: where studies go.
        limits: what the upload may cost.
        content_length: size of the body in bytes if the client has told it.
        traceparent: trace context to hand on.
        expected_instances: how many instances the study has, if the client has told it.

    Raises:
        RefusedUploadError: the upload cannot be accepted; nothing of it is left.
    """
    study_id = uuid4()
    staging = Staging(volumes, study_id, limits.min_free_bytes)
    try:
        await staging.begin(content_length or 0)
        files = await _receive(body, boundary, staging, limits)
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
        intake = Intake(event=event, files=tuple(files), expected_instances=expected_instances)
        await staging.commit(intake)
        yield intake
    except OSError as error:
        await staging.discard()
        if out_of_space(error):
            detail = "The volume for uploads is full."
            raise RefusedUploadError(Refusal.INSUFFICIENT_STORAGE, detail) from None
        raise
    except BaseException:
        await staging.discard()
        raise


async def _receive(
    body: AsyncIterator[bytes], boundary: str, staging: Staging, limits: Limits
) -> list[StoredFile]:
    """Write the form's files to disk."""
    files: list[StoredFile] = []
    budget = _Budget(staging, limits)
    async with (
        aclosing(_limited(body, limits)) as chunks,
        aclosing(read_form(chunks, boundary)) as form,
    ):
        async for piece in form:
            if isinstance(piece, PartBegins):
                _check_part(piece, len(files))
                files.append(await _receive_file(form, staging.open(piece.sent_as), budget))
    if not files:
        detail = f"The form has no part named '{FILE_PART}'."
        raise RefusedUploadError(Refusal.NO_FILE_PART, detail)
    return files


async def _receive_file(
    form: AsyncIterator[FormEvent], file: StagedFile, budget: "_Budget"
) -> StoredFile:
    """Write the bytes up to the end of the part."""
    head = b""
    async for piece in form:
        if not isinstance(piece, bytes):
            break
        await budget.spend(len(piece))
        if len(head) < HEAD_BYTES:
            head += piece[: HEAD_BYTES - len(head)]
            if len(head) == HEAD_BYTES:
                _check_kind(head)
        await file.write(piece)
    if not file.size_bytes:
        raise RefusedUploadError(Refusal.EMPTY_FILE, "The file has no bytes.")
    if len(head) < HEAD_BYTES:
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


def too_large(limits: Limits) -> RefusedUploadError:
    """The refusal of an upload that is larger than allowed."""
    detail = f"An upload may have {limits.max_upload_bytes} bytes."
    return RefusedUploadError(Refusal.UPLOAD_TOO_LARGE, detail)


def _check_part(part: PartBegins, files_so_far: int) -> None:
    if part.name != FILE_PART:
        detail = f"The form has a part named '{part.name[:100]}'; only '{FILE_PART}' is known."
        raise RefusedUploadError(Refusal.UNEXPECTED_PART, detail)
    if files_so_far >= MOST_FILES:
        detail = f"An upload may have {MOST_FILES} file; send the others one by one."
        raise RefusedUploadError(Refusal.TOO_MANY_FILES, detail)


def _check_kind(head: bytes) -> None:
    if kind := recognise(head):
        raise RefusedUploadError(Refusal.NOT_DICOM, f"The file is {kind}, not DICOM.")


async def _limited(body: AsyncIterator[bytes], limits: Limits) -> AsyncGenerator[bytes, None]:
    """The body, unless its sender falls silent, or goes on for ever before or after the files."""
    received = 0
    chunks = aiter(body)
    now = asyncio.get_running_loop().time
    end = now() + limits.max_upload_seconds
    while True:
        try:
            async with asyncio.timeout_at(min(end, now() + limits.idle_timeout_seconds)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            detail = f"Nothing arrived for {limits.idle_timeout_seconds:g} seconds."
            if now() >= end:
                detail = f"An upload may take {limits.max_upload_seconds:g} seconds."
            raise RefusedUploadError(Refusal.UPLOAD_STALLED, detail) from None
        received += len(chunk)
        if received > limits.max_upload_bytes + FORM_OVERHEAD_BYTES:
            raise too_large(limits)
        yield chunk
