"""A study at one place: its documents and files."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts.intake import Intake, StoredFile
from contracts.places import Place, study_directory
from contracts.report import StudyReport
from storage.layout import INTAKE, MARKERS, METADATA, REPORT
from storage.metadata import ArchivedStudy, read_datasets, read_metadata
from storage.port import Store
from storage.stored_file import FileInStore


@dataclass(frozen=True)
class StudyFolder:
    """A study at a place, if it is there. All calls block.

    Reading raises `FileNotFoundError` when the study is not there, or not there any more;
    `storage.study_store.StudyStore.find` then looks at the next place.
    """

    store: Store
    place: Place
    study_id: UUID

    @property
    def key(self) -> str:
        """The key of its directory, which is also how events write it."""
        return study_directory(self.place, self.study_id)

    def file(self, name: str) -> FileInStore:
        """A file of the study.

        Args:
            name: its name below the study's directory.
        """
        return FileInStore(self.store, f"{self.key}/{name}")

    @property
    def marker(self) -> FileInStore:
        """The file that was written last when the study came here."""
        return self.file(MARKERS[self.place])

    def exists(self) -> bool:
        """Whether the study is here, complete."""
        return self.marker.exists()

    def since(self) -> datetime:
        """When it came here."""
        return datetime.fromtimestamp(self.marker.stat().modified_ns / 1e9, UTC)

    def intake(self) -> Intake:
        """What the gateway knows of the upload. There is none in the archive."""
        return Intake.model_validate_json(self.file(INTAKE).read())

    def report(self) -> StudyReport:
        """The validator's report."""
        if self.place is Place.ARCHIVE:
            return self.metadata().validation
        return StudyReport.model_validate_json(self.file(REPORT).read())

    def metadata(self) -> ArchivedStudy:
        """What the archive knows of the study, without the data sets. Only there is some."""
        with self.file(METADATA).open() as file:
            return read_metadata(file)

    def datasets(self) -> Iterator[bytes]:
        """The data sets of an archived study in the DICOM JSON Model, in instance order."""
        with self.file(METADATA).open() as file:
            yield from read_datasets(file)

    def names(self) -> set[str]:
        """The names of all its files, below its directory; none if it is not here."""
        return set(self.store.files(self.key))

    def holds(self, files: Collection[StoredFile], source: "StudyFolder") -> bool:
        """Whether the bytes of all these files of another folder are here, under any name.

        Args:
            files: files of `source`.
            source: where they are.

        Raises:
            FileNotFoundError: one of them is not in `source` (any more).
        """
        wanted = {source.file(file.name).stat().content_id: file.sha256 for file in files}
        try:
            held = [self.file(name) for name in self.names() if name.endswith(".dcm")]
            found = {wanted.get(file.stat().content_id) for file in held}
            missing = set(wanted.values()) - found
            return not missing or missing <= {file.sha256() for file in held}
        except FileNotFoundError:  # this folder is being removed
            return False
