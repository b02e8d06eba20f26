"""The paths of what the gateway serves, for links and redirects between rooms."""

from uuid import UUID

DICOMWEB = "/dicom-web"
"""The DICOMweb service; the paths below it are those of PS3.18."""


def status_path(study_id: UUID) -> str:
    """The status of a study."""
    return f"/status/{study_id}"


def study_path(study_id: UUID) -> str:
    """A study."""
    return f"/studies/{study_id}"


def instance_path(study_id: UUID, sop_instance_uid: str) -> str:
    """The file of an archived instance."""
    return f"{study_path(study_id)}/instances/{sop_instance_uid}"


def dead_letter_path(letter_id: str) -> str:
    """A dead letter."""
    return f"/dead-letters/{letter_id}"


def quarantine_path(study_id: UUID) -> str:
    """A study in quarantine."""
    return f"/quarantine/{study_id}"
