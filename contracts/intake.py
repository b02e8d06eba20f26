"""What the gateway writes beside the files of a study: ``intake.json``."""

from pydantic import Field, NonNegativeInt

from contracts.events import StudyUploaded
from contracts.model import Contract, OrAbsent, Positive, Sha256


class StoredFile(Contract):
    """One file as it arrived."""

    name: str = Field(pattern=r"^[0-9]{6}\.dcm$", examples=["000001.dcm"])
    """The name under which it is stored; given by the gateway, never by the client."""
    sent_as: str = Field(default="", max_length=1024)
    """The name the client gave it: text only, never a path. May contain PHI."""
    size_bytes: NonNegativeInt
    """Length in bytes."""
    sha256: Sha256
    """Digest of its bytes, computed while they arrived."""


class Intake(Contract):
    """Everything needed to bring a study back from the disk alone, its event included."""

    event: StudyUploaded
    files: tuple[StoredFile, ...] = Field(min_length=1)
    expected_instances: OrAbsent[Positive] = None
    """How many instances the study has, if the sender said so."""
