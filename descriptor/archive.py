"""Archives a validated study: valid instances to the archive, the others to quarantine.

Bytes that the archive has already, from another upload, are linked there. The upload stays as it is
until the archive, the quarantine and the studies that the upload was divided into have everything,
so a crash at any point loses nothing; opening the study again finishes the work. The bytes of each
file are checked against the SHA-256 of their arrival when they are linked into the archive: read
then, they are in the page cache, and exactly the bytes that are kept are checked.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from uuid import UUID

from pydantic import ValidationError

from chassis.messaging.errors import PermanentError
from contracts.places import Place
from descriptor.archived import Archived
from descriptor.instances import Instance, ValidatedStudy
from descriptor.metadata import StudyMetadata
from storage.layout import INTAKE, METADATA, ORIGINAL, ORIGINALS, REPORT
from storage.metadata import ArchivedStudy
from storage.port import ChecksumMismatchError, Draft
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore

LINKS_AT_ONCE = 4
"""Instances of a study whose bytes are read and checked at the same time."""


def open_study(studies: StudyStore, study_id: UUID) -> ValidatedStudy | None:
    """Find a study, and finish what an interrupted call of `commit_study` has left to do.

    Returns:
        The study, to be described and archived; None if it is in the archive already.

    Raises:
        PermanentError: there is no such study, or it is not complete.
    """
    study = _read(studies.uploaded(study_id))
    if not studies.archived(study_id).exists():
        if study is None:
            raise PermanentError("study.missing", "The study's files are gone.")
        if not study.instances:
            raise PermanentError("study.rejected", "No instance of the study is valid.")
        return study
    if study:
        studies.store.settle(Place.ARCHIVE)  # an interrupted call may not have come to that
        with _unless_finished(studies, study_id):
            _finish(studies, study)
    return None


def commit_study(
    studies: StudyStore,
    metadata: StudyMetadata,
    owners: Mapping[str, UUID],
    now: datetime,
) -> Archived:
    """Make a study appear in the archive, and its rejected files in quarantine; end its upload.

    Args:
        studies: where studies are stored.
        metadata: of a study from `open_study`; all of its instances have been added.
        owners: the studies that known instances belonged to first, by SOP Instance UID.
        now: the time, with its zone.

    Returns:
        What is in the archive.

    Raises:
        PermanentError: the bytes of a file are not those that arrived, or the archive or the
            quarantine has something else under this id, or files are missing from a study that
            the upload was divided into. The upload is unchanged.
        OSError: the store failed; try again.
    """
    study = metadata.study
    with _unless_finished(studies, study.study_id):
        if _archive(studies, metadata, owners, now):
            _finish(studies, study, is_archived=True)
            return metadata.archived()
        _finish(studies, study)
    return Archived.of(read_archived(studies, study.study_id))


def read_archived(studies: StudyStore, study_id: UUID) -> ArchivedStudy:
    """What the archive knows about a study.

    Raises:
        PermanentError: its metadata are broken.
    """
    try:
        return studies.archived(study_id).metadata()
    except ValueError:  # broken JSON as well as broken metadata
        raise PermanentError("study.unreadable", "The metadata in the archive is broken.") from None


def _archive(
    studies: StudyStore, metadata: StudyMetadata, owners: Mapping[str, UUID], now: datetime
) -> bool:
    """Make a study appear in the archive; false if there is one under its id by now."""
    study = metadata.study

    def link(draft: Draft, instance: Instance) -> None:
        owner = owners.get(instance.identity.sop_instance_uid)
        known_in = studies.archived(owner) if owner and instance.is_known else None
        _link(draft, study.folder, instance, known_in)

    def fill(draft: Draft) -> None:
        first, *others = study.instances
        link(draft, first)
        if len(others) < LINKS_AT_ONCE:  # they are done before the threads have begun
            for instance in others:
                link(draft, instance)
        else:
            with ThreadPoolExecutor(LINKS_AT_ONCE) as threads:
                for _ in threads.map(partial(link, draft), others):
                    pass
        draft.commit(METADATA, partial(metadata.write, archived_at=now))

    return _commit(studies.archived(study.study_id), fill)


def _link(
    draft: Draft, upload: StudyFolder, instance: Instance, known_in: StudyFolder | None
) -> None:
    """Link an instance into the archive, to bytes that are there already if possible.

    Args:
        draft: of the study in the archive.
        upload: where the instance is.
        instance: the instance.
        known_in: the archived study that the instance belonged to first, if another one. It may
            be gone, or have other bytes.
    """
    sha256 = instance.stored.sha256
    if known_in:
        for name in (f"{ORIGINALS}/{instance.identity.sop_instance_uid}.dcm", ORIGINAL):
            with suppress(FileNotFoundError, ChecksumMismatchError):
                draft.link(known_in.file(name).key, instance.file, sha256)
                return
    draft.link(upload.file(instance.stored.name).key, instance.file, sha256)


def _read(folder: StudyFolder) -> ValidatedStudy | None:
    """A study among the uploads; None when it is not there (any more)."""
    try:
        study = ValidatedStudy(folder, folder.intake(), folder.report())
        for file in study.intake.files:
            folder.file(file.name).stat()
    except FileNotFoundError:
        if folder.names():
            message = "The intake, the report or a file of the study is missing."
            raise PermanentError("study.incomplete", message) from None
        return None
    except ValidationError:
        raise PermanentError("study.unreadable", "The intake or the report is broken.") from None
    return study


def _finish(studies: StudyStore, study: ValidatedStudy, *, is_archived: bool = False) -> None:
    """Quarantine the rejected files, and end the upload once everything is safe elsewhere.

    Args:
        studies: where studies are stored.
        study: the study.
        is_archived: whether this call has archived its instances.
    """
    folder = study.folder
    instances = [instance.stored for instance in study.instances]
    is_archived = is_archived or studies.archived(study.study_id).holds(instances, folder)
    is_quarantined = not study.rejected or _quarantine(studies, study)
    if not (is_archived and is_quarantined):
        message = "The archive or the quarantine has something else under the study's id."
        raise PermanentError("study.conflict", message)
    for other, files in study.divided.items():
        # In this order: a study is in the archive before it leaves the uploads.
        places = studies.uploaded(other), studies.archived(other)
        if not any(place.holds(files, folder) for place in places):
            message = "Files are missing from a study that the upload was divided into."
            raise PermanentError("study.conflict", message)
    # A power cut may bring the upload back; it is then announced again, and ended here again.
    studies.remove(folder, durable=False)


def _quarantine(studies: StudyStore, study: ValidatedStudy) -> bool:
    """Make the rejected files appear in quarantine; whether they are there in the end."""
    upload = study.folder
    quarantined = studies.quarantined(study.study_id)

    def fill(draft: Draft) -> None:
        for file in study.rejected:
            draft.link(upload.file(file.name).key, file.name, file.sha256)
        with draft.create(INTAKE) as intake:
            intake.write(upload.file(INTAKE).read())
        report = upload.file(REPORT).read()
        draft.commit(REPORT, lambda file: file.write(report))

    return _commit(quarantined, fill) or quarantined.holds(study.rejected, upload)


def _commit(folder: StudyFolder, fill: Callable[[Draft], None]) -> bool:
    """Make a folder appear; false if another call has done so, which is then made durable."""
    try:
        with folder.store.draft(folder.key) as draft:
            fill(draft)
    except FileExistsError:
        folder.store.settle(folder.place)
        return False
    return True


@contextmanager
def _unless_finished(studies: StudyStore, study_id: UUID) -> Iterator[None]:
    """Let files be missing when another descriptor has finished the study meanwhile."""
    try:
        yield
    except FileNotFoundError:
        if studies.uploaded(study_id).exists() or not studies.archived(study_id).exists():
            raise
    except ChecksumMismatchError:
        message = "The bytes of a file are not those that arrived."
        raise PermanentError("study.corrupted", message) from None
