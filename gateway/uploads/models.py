"""What clients get when an upload was accepted."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.status import State


class UploadAccepted(BaseModel):
    """An upload that is stored safely; it is not validated yet."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    study_id: UUID
    """Identifies the study from now on."""
    status: State
    """The status of the study, `uploaded`."""
    status_url: str
    """Path of the study's status."""
    files: int
    """Number of files, those from archives included."""
    skipped: int
    """Number of files that are not part of a study, such as a DICOMDIR."""
