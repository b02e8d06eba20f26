"""Files a validated study: sound instances to the archive, the others to quarantine.

The uploads stay as they are until the archive and quarantine hold everything, so a crash at any
point loses nothing; opening the study again finishes what is left. The bytes of each file are
checked against the SHA-256 of their arrival when they get their name in the archive: read then,
they are in the page cache, and what is checked is what is kept.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from chassis.errors import PermanentError
from chassis.files import (
    ChecksumMismatchError,
    new_directory,
    place_file,
    remove_directory,
    sha256_of,
    sync_directory,
    write_durably,
)
from contracts.events import StudyArchivedData
from contracts.intake import Intake, StoredFile
from contracts.report import StudyReport
from contracts.volumes import INTAKE, METADATA, ORIGINAL, ORIGINALS, REPORT, Volumes, archive_path
from descriptor.instances import ValidatedStudy
from descriptor.metadata import InstanceDescription, study_metadata


def open_study(volumes: Volumes, study_id: UUID) -> ValidatedStudy | StudyArchivedData:
    """Find a study, and finish what an interrupted call of `file_study` has left of it.

    Returns:
        The study, to be described and filed; or what lies in the archive, if it does already.

    Raises:
        PermanentError: there is no such study, or it is not whole.
    """
    study = _read(volumes, study_id)
    if not volumes.archived(study_id).is_dir():
        if study is None:
            raise PermanentError("study.missing", "The study's files are gone.")
        if not study.instances:
            raise PermanentError("study.rejected", "No instance of the study is sound.")
        return study
    if study:
        with _unless_finished(volumes, study_id):
            _finish(volumes, study)
    return _archived(volumes, study_id)


def file_study(
    volumes: Volumes,
    study: ValidatedStudy,
    descriptions: Sequence[InstanceDescription],
    now: datetime,
) -> StudyArchivedData:
    """Let a study appear in the archive, what was rejected of it in quarantine; end its upload.

    Args:
        volumes: where to.
        study: from `open_study`.
        descriptions: of ``study.instances``, in their order.
        now: the time, with its zone.

    Raises:
        PermanentError: the bytes of a file are not those that arrived, or the archive or the
            quarantine holds something else under this id. The uploads are untouched.
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
                place_file(instance.source, directory / instance.file, instance.stored.sha256)
            write_durably(directory / METADATA, study_metadata(study, descriptions, now))
        _finish(volumes, study)
    return _archived(volumes, study.study_id)


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
    archived, quarantined = volumes.archived(study.study_id), volumes.quarantined(study.study_id)
    if study.rejected:
        with suppress(FileExistsError), new_directory(quarantined) as directory:
            for file in study.rejected:
                place_file(study.directory / file.name, directory / file.name, file.sha256)
            for name in (INTAKE, REPORT):
                write_durably(directory / name, (study.directory / name).read_bytes())
        sync_directory(volumes.quarantine)
    sync_directory(volumes.archive)
    kept = [
        *(_is_kept(study, file.stored, archived / file.file) for file in study.instances),
        *(_is_kept(study, file, quarantined / file.name) for file in study.rejected),
    ]
    if not all(kept):
        message = "The archive or the quarantine holds something else under the study's id."
        raise PermanentError("study.conflict", message)
    remove_directory(study.directory)


def _is_kept(study: ValidatedStudy, file: StoredFile, target: Path) -> bool:
    """Whether an uploaded file's bytes are at the target too."""
    if not target.is_file():
        return False
    return target.samefile(study.directory / file.name) or sha256_of(target) == file.sha256


def _archived(volumes: Volumes, study_id: UUID) -> StudyArchivedData:
    """What the archive holds of a study."""
    directory = volumes.archived(study_id)
    originals = directory / ORIGINALS
    files = list(originals.iterdir()) if originals.is_dir() else [directory / ORIGINAL]
    return StudyArchivedData(
        directory=archive_path(study_id),
        instance_count=len(files),
        size_bytes=sum(file.stat().st_size for file in files),
    )


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
