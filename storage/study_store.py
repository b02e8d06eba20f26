"""Where studies are: the one object that knows, on whatever backend they are stored.

A study moves on from the uploads to the archive, to the quarantine, or to both when some of its
files are valid and others are not. **It is at its next place before it leaves the one before.** So
a look-up that visits the places in the order of `LOOKING_ORDER` always finds a study that exists:
if it is no longer in the uploads, it is in the archive or in the quarantine already. A study that
moves on while its files are being read raises `FileNotFoundError` there, and is then found at the
next place. A look-up in another order could miss it at every place.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from contracts.places import Place, study_directory
from contracts.report import StudyReport
from storage.layout import DELETIONS, PREVIEWS, REMOVED
from storage.port import Draft, Store
from storage.stored_file import FileInStore
from storage.study_folder import StudyFolder

LOOKING_ORDER = (Place.UPLOADS, Place.ARCHIVE, Place.QUARANTINE)
"""The order in which places are visited."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class StudyStore:
    """All studies. All calls block.

    Args:
        store: the backend.
    """

    store: Store

    def at(self, place: Place, study_id: UUID) -> StudyFolder:
        """The folder of a study at a place, whether the study is there or not."""
        return StudyFolder(self.store, place, study_id)

    def uploaded(self, study_id: UUID) -> StudyFolder:
        """A study that waits for validation or archiving."""
        return self.at(Place.UPLOADS, study_id)

    def quarantined(self, study_id: UUID) -> StudyFolder:
        """A study with files that are not valid."""
        return self.at(Place.QUARANTINE, study_id)

    def archived(self, study_id: UUID) -> StudyFolder:
        """A study in the archive."""
        return self.at(Place.ARCHIVE, study_id)

    def locate(self, study_id: UUID) -> tuple[Place, ...]:
        """Where a study is, in the order in which it moves on; nothing if it does not exist."""
        return tuple(self._places(study_id))

    def place(self, study_id: UUID) -> Place | None:
        """The first place where a study is, in the order in which it moves on."""
        return next(self._places(study_id), None)

    def _places(self, study_id: UUID) -> Iterator[Place]:
        return (place for place in LOOKING_ORDER if self.at(place, study_id).exists())

    def find(self, study_id: UUID, read: Callable[[StudyFolder], Found]) -> Found | None:
        """Read a study at the first place where that is possible.

        Args:
            study_id: the study.
            read: reads the folder; it raises `FileNotFoundError` where there is nothing to read.

        Returns:
            What `read` returned, or None if there is nothing anywhere.
        """
        for place in LOOKING_ORDER:
            with suppress(FileNotFoundError):
                return read(self.at(place, study_id))
        return None

    def report(self, study_id: UUID) -> StudyReport | None:
        """The validator's report of a study; None when there is none, or none yet."""
        return self.find(study_id, StudyFolder.report)

    def all(self, place: Place) -> Iterator[StudyFolder]:
        """The folders of all studies at a place, in no order."""
        for name in self.store.directories(place):
            with suppress(ValueError):  # other people's directories
                study_id = UUID(name)
                if str(study_id) == name:
                    yield self.at(place, study_id)

    def draft(self, place: Place, study_id: UUID) -> Draft:
        """Begin the folder of a study; it appears when the draft is committed."""
        return self.store.draft(study_directory(place, study_id))

    def move(self, study_id: UUID, source: Place, target: Place) -> None:
        """Move a study; see `storage.port.Store.move`."""
        self.store.move(study_directory(source, study_id), study_directory(target, study_id))

    def remove(self, folder: StudyFolder, *, durable: bool = True) -> None:
        """Remove a study from a place; see `storage.port.Store.remove_directory`."""
        self.store.remove_directory(folder.key, durable=durable)

    def preview(self, study_id: UUID) -> FileInStore:
        """The picture of a study in the archive."""
        return FileInStore(self.store, f"{Place.ARCHIVE}/{PREVIEWS}/{study_id}.png")

    def has_preview(self, study_id: UUID) -> bool:
        """Whether there is a picture; an empty file, which a power cut may leave, is none."""
        try:
            return self.preview(study_id).stat().size_bytes > 0
        except FileNotFoundError:
            return False

    @property
    def removals(self) -> FileInStore:
        """The list of all files that were removed."""
        return FileInStore(self.store, f"{Place.QUARANTINE}/{REMOVED}")

    def deletion(self, study_id: UUID) -> FileInStore:
        """The note that the deletion of a study has begun."""
        return FileInStore(self.store, f"{Place.QUARANTINE}/{DELETIONS}/{study_id}.json")

    def deletions(self) -> Iterator[FileInStore]:
        """The notes of all deletions that have begun."""
        directory = f"{Place.QUARANTINE}/{DELETIONS}"
        for name in self.store.files(directory):
            if not name.startswith("."):
                yield FileInStore(self.store, f"{directory}/{name}")
