"""The layout of the volumes: which directory and file lies where. Paths only, no I/O."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

INCOMING = ".incoming"
"""Directory of a volume for what is being written; a crash leaves rubbish here, and only here."""
INTAKE = "intake.json"
REPORT = "report.json"
JOURNAL = "examined.ndjson"
"""Beside the files of a study that is being validated: what has been found so far."""
RESUBMISSIONS = "resubmissions.ndjson"
"""Beside the files of a study in quarantine: what has been sent on its way again."""
REMOVED = "removed.ndjson"
"""In the quarantine: what has been removed from it."""
PREVIEWS = ".previews"
"""Directory of the archive's volume for pictures of studies; they can be made again at any time."""
METADATA = "metadata.json"
ORIGINAL = "original.dcm"
ORIGINALS = "original"


@dataclass(frozen=True)
class Volumes:
    """The three directories that the services share."""

    uploads: Path
    quarantine: Path
    archive: Path

    def uploaded(self, study_id: UUID) -> Path:
        """A study that waits for validation or archiving."""
        return self.uploads / str(study_id)

    def quarantined(self, study_id: UUID) -> Path:
        """A study that did not validate, with its report."""
        return self.quarantine / str(study_id)

    def archived(self, study_id: UUID) -> Path:
        """A study in the archive."""
        return self.archive / str(study_id)

    def preview(self, study_id: UUID) -> Path:
        """The picture of a study in the archive."""
        return self.archive / PREVIEWS / f"{study_id}.png"


def stored_name(index: int) -> str:
    """The name of the `index`-th file of a study (from 1): ``000001.dcm``."""
    return f"{index:06d}.dcm"


def uploads_path(study_id: UUID) -> str:
    """The study's directory in the uploads, as events write it."""
    return f"uploads/{study_id}"


def quarantine_path(study_id: UUID) -> str:
    """The study's directory in quarantine, as events write it."""
    return f"quarantine/{study_id}"


def archive_path(study_id: UUID) -> str:
    """The study's directory in the archive, as events write it."""
    return f"archive/{study_id}"
