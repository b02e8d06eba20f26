"""Resubmits files in quarantine: as a new upload, recorded beside the files, which stay."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake, StoredFile
from engine.profile_files.directory import profile_names
from gateway.limits import UploadLimits
from gateway.quarantine.audit_trail import Resubmission, record_resubmission
from gateway.quarantine.contents import (
    Contents,
    chosen,
    not_in_quarantine,
    read_contents,
    require_at_rest,
)
from gateway.uploads.parts import Parts
from gateway.uploads.receiver import Receiver, UploadMode
from gateway.uploads.service import UploadService
from gateway.uploads.staging import Staging
from gateway.uploads.writer import in_thread
from storage.port import ChecksumMismatchError
from storage.study_store import StudyStore


async def resubmit(
    uploads: UploadService,
    study_id: UUID,
    names: frozenset[str] | None,
    profile: str | None,
    *,
    fixed: Parts | None = None,
    content_length: int | None = None,
    traceparent: str | None,
) -> Intake:
    """Make a new upload of files in quarantine and announce it; the files stay in quarantine.

    The resubmission is recorded before the upload is committed; if that fails, the record is
    withdrawn.

    Args:
        uploads: announces it; the caller holds a place there.
        study_id: the study in quarantine.
        names: the files to resubmit; all of them for None.
        profile: the validation profile to apply; that of the original upload for None.
        fixed: a form with the fixed file, in place of the only one that `names` has.
        content_length: size of that form in bytes, if known.
        traceparent: trace context for the event.

    Raises:
        Problem: 404 if there is no such study or file, 409 if the study is still being moved to
            quarantine, 422 if there is no such profile (any more), 500 if a file no longer has its
            checksum; or the upload cannot be accepted.
    """
    contents = await asyncio.to_thread(_open, uploads.studies, study_id)
    files = chosen(contents, names)
    if not files:
        raise not_in_quarantine(study_id)
    profile = profile or contents.intake.profile
    await asyncio.to_thread(_require_profile, uploads.profiles_dir, profile)
    new_id = uuid4()
    async with uploads.staged(new_id, content_length) as staging:
        if fixed:
            stored = await _receive_fixed(fixed, files, staging, uploads.limits)
        else:
            stored = await _link(contents, files, staging)
        # What may not hold for a part of the upload is left out, such as its size.
        intake = Intake.new(
            new_id,
            stored,
            traceparent=traceparent,
            label=contents.intake.label,
            profile=profile,
            resubmitted_from=study_id,
        )
        resubmission = Resubmission(
            study_id=new_id,
            time=datetime.now(UTC),
            files=tuple(file.name for file in files),
            profile=profile,
            fixed=fixed is not None,
        )
        async with _recorded(contents, resubmission):
            await staging.commit(lambda: intake)
    await uploads.announcer.announce(intake)
    return intake


def _open(studies: StudyStore, study_id: UUID) -> Contents:
    contents = read_contents(studies, study_id)
    require_at_rest(studies, study_id)
    return contents


def _require_profile(profiles_dir: Path | None, profile: str | None) -> None:
    """Make sure that a profile exists; that of the original upload may have been removed."""
    if profile is not None and profile not in (known := profile_names(profiles_dir)):
        detail = f"There is no profile '{profile}'; there are {', '.join(known)}."
        raise Problem(ProblemType.UNKNOWN_PROFILE, detail)


async def _link(
    contents: Contents, files: Sequence[StoredFile], staging: Staging
) -> list[StoredFile]:
    """Link files in quarantine into the new upload."""
    study_id = contents.report.study_id
    try:
        return [await staging.link(contents.folder.file(file.name), file) for file in files]
    except FileNotFoundError:
        raise not_in_quarantine(study_id) from None
    except ChecksumMismatchError:
        detail = (
            f"A file of study {study_id} no longer matches the checksum of the upload; it was not "
            "resubmitted."
        )
        raise Problem(ProblemType.FILE_DAMAGED, detail) from None


async def _receive_fixed(
    parts: Parts, files: Sequence[StoredFile], staging: Staging, limits: UploadLimits
) -> list[StoredFile]:
    """Receive the fixed file, under the name of the original one."""
    [file] = files
    receiver = Receiver(staging, limits.model_copy(update={"max_files": 1}), UploadMode.REPLACEMENT)
    await receiver.receive(parts)
    await staging.flush()
    return [stored.model_copy(update={"sent_as": file.sent_as}) for stored in receiver.files]


@contextlib.asynccontextmanager
async def _recorded(contents: Contents, resubmission: Resubmission) -> AsyncIterator[None]:
    """Record a resubmission; an exception inside withdraws it."""
    try:
        await in_thread(_record, contents, resubmission)
        yield
    except BaseException:
        with contextlib.suppress(Problem):  # removed meanwhile, with its records
            await in_thread(partial(_record, contents, resubmission, withdrawn=True))
        raise


def _record(contents: Contents, resubmission: Resubmission, *, withdrawn: bool = False) -> None:
    try:
        record_resubmission(contents.folder, resubmission, withdrawn=withdrawn)
    except FileNotFoundError:
        raise not_in_quarantine(contents.report.study_id) from None
