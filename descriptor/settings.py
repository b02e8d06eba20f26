"""What the descriptor has to know."""

from typing import ClassVar

from pydantic import Field

from chassis.runtime.settings import StatusClientSettings, VolumeSettings


class DescriptorSettings(VolumeSettings, StatusClientSettings):
    """Settings of the descriptor; values in ``config.json``."""

    service: ClassVar[str] = "descriptor"

    concurrency: int = Field(ge=1, le=256)
    """Studies that are worked on at the same time."""
    processes: int = Field(ge=1, le=256)
    """Processes that describe instances."""
    description_seconds: float = Field(gt=0, le=3600)
    """Describing an instance may take so long."""
    description_memory_bytes: int = Field(ge=128 * 1024 * 1024)
    """What a describing process may allocate."""
    previews: bool
    """Whether pictures of studies are made."""
    preview_seconds: float = Field(gt=0, le=600)
    """A study's announcement waits for its picture so long at most."""
