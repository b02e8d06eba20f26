"""The directories of a file store, for tests that look at what is on the disk."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID

from chassis.runtime.settings import VolumeSettings
from contracts.places import Place
from storage.file_store import FileStore
from storage.layout import INCOMING
from storage.process_directory import LOCK
from storage.study_store import StudyStore


def being_written(volume: Path) -> list[Path]:
    """What is below ``.incoming``, without the directories of living processes themselves."""
    # Not rglob(): it fails when a directory vanishes meanwhile.
    entries = {
        Path(directory, name)
        for directory, folders, files in os.walk(volume / INCOMING)
        for name in (*folders, *files)
    }
    locks = {entry for entry in entries if entry.suffix == LOCK}
    return sorted(entries - locks - {lock.with_suffix("") for lock in locks})


@dataclass(frozen=True)
class Volumes:
    """The three directories that the services share."""

    uploads: Path
    quarantine: Path
    archive: Path

    @classmethod
    def below(cls, root: Path) -> "Volumes":
        """The directories with the usual names below one."""
        return cls(*(root / place for place in (Place.UPLOADS, Place.QUARANTINE, Place.ARCHIVE)))

    @classmethod
    def of(cls, settings: VolumeSettings) -> "Volumes":
        """The directories of a service."""
        return cls(settings.uploads_dir, settings.quarantine_dir, settings.archive_dir)

    @cached_property
    def studies(self) -> StudyStore:
        """The study store over them."""
        return StudyStore(FileStore(self.uploads, self.quarantine, self.archive))

    def uploaded(self, study_id: UUID) -> Path:
        """The directory of an uploaded study."""
        return self.uploads / str(study_id)

    def quarantined(self, study_id: UUID) -> Path:
        """The directory of a study in quarantine."""
        return self.quarantine / str(study_id)

    def archived(self, study_id: UUID) -> Path:
        """The directory of an archived study."""
        return self.archive / str(study_id)

    def preview(self, study_id: UUID) -> Path:
        """The picture of an archived study."""
        return self.archive / ".previews" / f"{study_id}.png"
