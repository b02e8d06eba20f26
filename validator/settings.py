"""What the validator has to know."""

from typing import ClassVar

from pydantic import Field

from chassis.settings import StatusClientSettings, VolumeSettings
from validator.profile import Profile


class ValidatorSettings(VolumeSettings, StatusClientSettings):
    """Settings of the validator; values in ``config.json``."""

    service: ClassVar[str] = "validator"

    concurrency: int = Field(ge=1, le=256)
    """Studies that are worked on at the same time."""
    processes: int = Field(ge=1, le=256)
    """Processes that examine files."""
    examination_seconds: float = Field(gt=0, le=3600)
    """An examination that takes longer is killed; the file is then unreadable."""
    examination_memory_bytes: int = Field(ge=128 * 1024 * 1024)
    """What an examining process may allocate; the mapped file itself does not count."""
    profile: Profile
    """What is examined, and how strictly."""
