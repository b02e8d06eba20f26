"""Verifies what is stored: every byte against its SHA-256, every document against its files.

Findings name studies, files and codes; they contain no values of the files.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from contracts.places import Place
from contracts.report import Outcome
from storage.layout import (
    INTAKE,
    METADATA,
    ORIGINAL,
    ORIGINALS,
    PREVIEWS,
    REPORT,
    RESUBMISSIONS,
)
from storage.metadata import ArchivedInstance, ArchivedStudy, ReceivedFile
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore

FINDINGS = {
    "file.corrupted": "The bytes are not those that arrived.",
    "file.missing": "The file is missing.",
    "file.unknown": "No document of the study mentions the file.",
    "study.incomplete": "The document that is written last is missing.",
    "study.unreadable": "A document of the study cannot be read.",
    "study.inconsistent": "The documents of the study contradict each other.",
    "layout.unknown": "The directory is not a study.",
    "incoming.leftover": "The file was left by a crash.",
    "preview.orphan": "The preview belongs to no archived study.",
    "index.incomplete": "The index of UIDs is missing, or is being rebuilt.",
    "index.missing": "The index has no entry for an instance or the study.",
    "index.differs": "The index has other bytes for an instance.",
    "index.orphan": "The index has an entry of a study that is not stored.",
}
"""What each code means."""


class Finding(NamedTuple):
    """Something that is not as it should be."""

    code: str
    place: str
    """`archive`, `quarantine` or `index`."""
    study_id: str = ""
    file: str = ""
    """The file's name below the study's directory, or below the place."""

    @property
    def message(self) -> str:
        """One sentence for people."""
        return FINDINGS[self.code]


@dataclass(frozen=True)
class Verified:
    """What the verification of a study has found."""

    study_id: UUID
    place: Place
    findings: tuple[Finding, ...] = ()
    files: int = 0
    """Number of DICOM files that were read."""
    size_bytes: int = 0
    """Their size, in bytes."""
    instances: tuple[tuple[str, str, str], ...] = ()
    """SOP Instance UID, Study Instance UID and SHA-256 of each archived instance."""


def verify_study(folder: StudyFolder) -> Verified | None:
    """Verify a study in archive or quarantine; None if it was deleted meanwhile. Blocks."""
    work = _Verification(folder)
    if folder.place is Place.ARCHIVE:
        work.verify_archived()
    else:
        work.verify_quarantined()
    if work.findings and not folder.names():
        return None
    return Verified(
        folder.study_id,
        folder.place,
        tuple(work.findings),
        work.files,
        work.size_bytes,
        tuple(work.instances),
    )


def verify_studies(folders: Sequence[StudyFolder]) -> list[Verified]:
    """Verify studies; those that were deleted meanwhile are left out. Blocks."""
    return [found for folder in folders if (found := verify_study(folder))]


def verify_surroundings(studies: StudyStore) -> Iterator[Finding]:
    """Find what belongs to no study: directories, leftovers of crashes, previews. Blocks."""
    store = studies.store
    for place in (Place.ARCHIVE, Place.QUARANTINE):
        known = {str(folder.study_id) for folder in studies.all(place)}
        for name in store.directories(place):
            if name not in known:
                yield Finding("layout.unknown", place, file=name)
        for name in store.leftovers(place):
            yield Finding("incoming.leftover", place, file=name)
    for name in store.files(f"{Place.ARCHIVE}/{PREVIEWS}"):
        study_id = name.removesuffix(".png")
        try:
            is_orphan = not studies.archived(UUID(study_id)).exists()
        except ValueError:
            is_orphan = not name.startswith(".")
        if is_orphan:
            yield Finding("preview.orphan", Place.ARCHIVE, file=f"{PREVIEWS}/{name}")


class _Verification:
    def __init__(self, folder: StudyFolder) -> None:
        self.findings: list[Finding] = []
        self.files = self.size_bytes = 0
        self.instances: list[tuple[str, str, str]] = []
        self._folder = folder

    def verify_archived(self) -> None:
        try:
            study = self._folder.metadata()
        except FileNotFoundError:
            self._find("study.incomplete", METADATA)
            return
        except ValueError:
            self._find("study.unreadable", METADATA)
            return
        if not _is_consistent(study, self._folder.study_id):
            self._find("study.inconsistent", METADATA)
        for instance in study.instances:
            self._compare(instance.file, instance.size_bytes, instance.sha256)
            if uid := instance.sop_instance_uid:
                self.instances.append((uid, instance.study_instance_uid, instance.sha256))
        self._find_unknown({METADATA, *(instance.file for instance in study.instances)})

    def verify_quarantined(self) -> None:
        names = self._folder.names()
        try:
            intake = self._folder.intake()
            report = self._folder.report()
        except FileNotFoundError:
            self._find("study.incomplete", REPORT)
            return
        except ValueError:
            self._find("study.unreadable", REPORT)
            return
        if report.study_id != self._folder.study_id or intake.event.subject != report.study_id:
            self._find("study.inconsistent", REPORT)
        for file in intake.files:
            if file.name in names:  # the others were accepted or removed
                self._compare(file.name, file.size_bytes, file.sha256)
        self._find_unknown({INTAKE, REPORT, RESUBMISSIONS, *(file.name for file in intake.files)})

    def _compare(self, name: str, size_bytes: int, sha256: str) -> None:
        file = self._folder.file(name)
        try:
            same = file.stat().size_bytes == size_bytes and file.sha256() == sha256
        except FileNotFoundError:
            self._find("file.missing", name)
            return
        except OSError:  # the disk cannot read it
            same = False
        self.files += 1
        self.size_bytes += size_bytes
        if not same:
            self._find("file.corrupted", name)

    def _find_unknown(self, known: set[str]) -> None:
        for name in sorted(self._folder.names() - known):
            self._find("file.unknown", name)

    def _find(self, code: str, name: str) -> None:
        self.findings.append(Finding(code, self._folder.place, str(self._folder.study_id), name))


def _is_consistent(study: ArchivedStudy, study_id: UUID) -> bool:
    """Whether the parts of ``metadata.json`` agree with each other and with the layout."""
    files = {instance.file: instance.sha256 for instance in study.instances}
    return (
        study.validation.study_id == study_id
        and bool(files)
        and len(files) == len(study.instances)
        and all(_is_in_place(instance, len(files)) for instance in study.instances)
        and all(_is_there(file, files) for file in study.provenance.files if file.archived_as)
    )


def _is_there(file: ReceivedFile, archived: Mapping[str, str]) -> bool:
    """Whether the archive has a file as it arrived; of a duplicate the header may differ."""
    sha256 = archived.get(file.archived_as or "")
    return sha256 == file.sha256 or (sha256 is not None and file.outcome is Outcome.DUPLICATE)


def _is_in_place(instance: ArchivedInstance, count: int) -> bool:
    if count == 1:
        return instance.file == ORIGINAL
    return instance.file.startswith(f"{ORIGINALS}/")
