"""The settings of the descriptor."""

from typing import ClassVar

from pydantic import Field

from chassis.runtime.settings import Port, StatusClientSettings, VolumeSettings


class DescriptorSettings(VolumeSettings, StatusClientSettings):
    """Settings of the descriptor."""

    service: ClassVar[str] = "descriptor"

    port: Port = 8003
    concurrency: int = Field(default=4, ge=1, le=256)
    """Studies of more than four files that are described at the same time; four times as many small
    ones are described together."""
    processes: int = Field(default=2, ge=1, le=256)
    """Processes that describe instances; as many again while some take longer than a second."""
    description_seconds: float = Field(default=120, gt=0, le=3600)
    """CPU time for one instance; then its process is killed."""
    description_memory_bytes: int = Field(default=512 * 1024**2, ge=128 * 1024**2)
    """Memory that each of these processes may allocate."""
    previews: bool = True
    """Whether a picture is made of each study."""
    preview_seconds: float = Field(default=10, gt=0, le=600)
    """How long the announcement of a study waits for its picture."""
