"""Files a validated study: valid instances to the archive, the others to quarantine.

What the archive has already, from another upload, is filed as a further name of the same bytes. The
uploads stay as they are until the archive, the quarantine and the studies that an upload was
divided into hold everything, so a crash at any point loses nothing; opening the study again
finishes what is left. The bytes of each file are checked against the SHA-256 of their arrival when
they get their name in the archive: read then, they are in the page cache, and what is checked is
what is kept.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from chassis.messaging.errors import PermanentError
from contracts.intake import Intake, StoredFile
from contracts.report import StudyReport
from contracts.volumes import INTAKE, METADATA, ORIGINAL, ORIGINALS, REPORT, Volumes
from descriptor.instances import Instance, ValidatedStudy
from descriptor.metadata import StudyMetadata
from storage.archived import ArchivedStudy, read_study
from storage.files import (
    durable_file,
    new_directory,
    place_file,
    remove_directory,
    sha256_of,
    sync_directory,
    write_durably,
)
from storage.port import ChecksumMismatchError


def open_study(volumes: Volumes, study_id: UUID) -> ValidatedStudy | None:
    """Find a study, and finish what an interrupted call of `file_study` has left of it.

    Returns:
        The study, to be described and filed; None if it lies in the archive already.

    Raises:
        PermanentError: there is no such study, or it is not whole.
    """
    study = _read(volumes, study_id)
    if not volumes.archived(study_id).is_dir():
        if study is None:
            raise PermanentError("study.missing", "The study's files are gone.")
        if not study.instances:
            raise PermanentError("study.rejected", "No instance of the study is valid.")
        return study
    if study:
        with _unless_finished(volumes, study_id):
            _finish(volumes, study)
    return None


def file_study(
    volumes: Volumes,
    study: ValidatedStudy,
    metadata: StudyMetadata,
    owners: Mapping[str, UUID],
    now: datetime,
) -> None:
    """Let a study appear in the archive, what was rejected of it in quarantine; end its upload.

    Args:
        volumes: where to.
        study: from `open_study`.
        metadata: all of its instances have been added.
        owners: the studies that have brought known instances first, by SOP Instance UID.
        now: the time, with its zone.

    Raises:
        PermanentError: the bytes of a file are not those that arrived, or the archive or the
            quarantine holds something else under this id, or files are missing from a study that
            the upload was divided into. The uploads are untouched.
        OSError: whatever the file system says; try again.
    """
    with _unless_finished(volumes, study.study_id):
        with (
            suppress(FileExistsError),
            new_directory(volumes.archived(study.study_id)) as directory,
        ):
            if len(study.instances) > 1:
                (directory / ORIGINALS).mkdir()
            for instance in study.instances:
                owner = owners.get(instance.identity.sop_instance_uid)
                known_in = volumes.archived(owner) if owner and instance.is_known else None
                _place(instance, directory / instance.file, known_in)
            with durable_file(directory / METADATA) as file:
                metadata.write(file, now)
        _finish(volumes, study)


def read_archived(volumes: Volumes, study_id: UUID) -> ArchivedStudy:
    """What the archive says of a study.

    Raises:
        PermanentError: its metadata are broken.
    """
    try:
        return read_study(volumes.archived(study_id))
    except ValueError:  # broken JSON as well as broken metadata
        raise PermanentError("study.unreadable", "The metadata in the archive is broken.") from None


def _place(instance: Instance, target: Path, known_in: Path | None) -> None:
    """Let an instance appear in the archive, with the bytes that are there if possible.

    Args:
        instance: the instance.
        target: its name.
        known_in: the directory of the archived study that has brought it first, if another one
            has. It may be gone, or hold something else.
    """
    if known_in:
        for name in (f"{ORIGINALS}/{instance.identity.sop_instance_uid}.dcm", ORIGINAL):
            with suppress(FileNotFoundError, ChecksumMismatchError):
                place_file(known_in / name, target, instance.stored.sha256)
                return
    place_file(instance.source, target, instance.stored.sha256)


def _read(volumes: Volumes, study_id: UUID) -> ValidatedStudy | None:
    """A study in the uploads; None when it is not there (any more)."""
    directory = volumes.uploaded(study_id)
    try:
        study = ValidatedStudy(
            study_id,
            directory,
            Intake.model_validate_json((directory / INTAKE).read_bytes()),
            StudyReport.model_validate_json((directory / REPORT).read_bytes()),
        )
        for file in study.intake.files:
            (directory / file.name).stat()
    except FileNotFoundError:
        if directory.is_dir():
            message = "The intake, the report or a file of the study is missing."
            raise PermanentError("study.incomplete", message) from None
        return None
    except ValidationError:
        raise PermanentError("study.unreadable", "The intake or the report is broken.") from None
    return study


def _finish(volumes: Volumes, study: ValidatedStudy) -> None:
    """Quarantine what was rejected, and end the upload once everything is safe elsewhere."""
    quarantined = volumes.quarantined(study.study_id)
    if study.rejected:
        with suppress(FileExistsError), new_directory(quarantined) as directory:
            for file in study.rejected:
                place_file(study.directory / file.name, directory / file.name, file.sha256)
            for name in (INTAKE, REPORT):
                write_durably(directory / name, (study.directory / name).read_bytes())
        sync_directory(volumes.quarantine)
    sync_directory(volumes.archive)
    instances = [instance.stored for instance in study.instances]
    if not (
        _holds(volumes.archived(study.study_id), study, instances)
        and _holds(quarantined, study, study.rejected)
    ):
        message = "The archive or the quarantine holds something else under the study's id."
        raise PermanentError("study.conflict", message)
    for other, files in study.divided.items():
        # In this order: a study is in the archive before it leaves the uploads.
        places = volumes.uploaded(other), volumes.archived(other)
        if not any(_holds(place, study, files) for place in places):
            message = "Files are missing from a study that the upload was divided into."
            raise PermanentError("study.conflict", message)
    remove_directory(study.directory)


def _holds(directory: Path, study: ValidatedStudy, files: Collection[StoredFile]) -> bool:
    """Whether a directory has the bytes of all these files of an upload."""
    wanted = {_inode(study.directory / file.name): file.sha256 for file in files}
    try:
        held = {path: _inode(path) for path in directory.rglob("*.dcm")}
        missing = set(wanted.values()) - {wanted.get(inode) for inode in held.values()}
        return not missing or missing <= {sha256_of(path) for path in held}
    except FileNotFoundError:  # the directory is being removed
        return False


def _inode(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


@contextmanager
def _unless_finished(volumes: Volumes, study_id: UUID) -> Iterator[None]:
    """Let files be missing when another descriptor has finished the study meanwhile."""
    try:
        yield
    except FileNotFoundError:
        if volumes.uploaded(study_id).is_dir() or not volumes.archived(study_id).is_dir():
            raise
    except ChecksumMismatchError:
        message = "The bytes of a file are not those that arrived."
        raise PermanentError("study.corrupted", message) from None
