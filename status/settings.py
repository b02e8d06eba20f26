"""The settings of the status service."""

from typing import ClassVar

from pydantic import Field

from chassis.runtime.settings import Port, TokenSettings


class StatusSettings(TokenSettings):
    """Settings of the status service."""

    service: ClassVar[str] = "status"

    port: Port = 8001
    concurrency: int = Field(default=100, ge=1, le=1000)
    """Events of each channel that are projected together, at most."""
    trim_period_seconds: float = Field(default=600, gt=0)
    """How often the streams are trimmed of old events, never of unfinished work."""
