"""The directories of a file store, for tests that look at what is on the disk."""

from pathlib import Path

from chassis.runtime.settings import VolumeSettings
from contracts import volumes
from contracts.places import Place
from storage.file_store import FileStore
from storage.study_store import StudyStore


class Volumes(volumes.Volumes):
    """The three directories that the services share."""

    @classmethod
    def below(cls, root: Path) -> "Volumes":
        """The directories with the usual names below one."""
        return cls(*(root / place for place in (Place.UPLOADS, Place.QUARANTINE, Place.ARCHIVE)))

    @classmethod
    def of(cls, settings: VolumeSettings) -> "Volumes":
        """The directories of a service."""
        return cls(settings.uploads_dir, settings.quarantine_dir, settings.archive_dir)

    @property
    def studies(self) -> StudyStore:
        """The study store over them."""
        return StudyStore(FileStore(self.uploads, self.quarantine, self.archive))
