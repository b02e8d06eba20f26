"""The settings of the status service."""

from typing import ClassVar

from pydantic import Field

from chassis.runtime.settings import Port, ServiceSettings


class StatusSettings(ServiceSettings):
    """Settings of the status service."""

    service: ClassVar[str] = "status"

    port: Port = 8001
    concurrency: int = Field(default=100, ge=1, le=1000)
    """Events of each channel that are projected together, at most."""
    trim_period_seconds: float = Field(default=600, gt=0)
    """How often the streams are trimmed of old events, never of unfinished work."""
    event_days: float = Field(default=7, ge=7)
    """How many days events are kept at least; the AsyncAPI document promises 7."""
    dead_letter_days: float | None = Field(default=None, gt=0)
    """Dead letters are removed after this many days; without a value the latest 100,000 are kept.
    """
    record_days: float | None = Field(default=None, gt=0)
    """Status records of studies that were deleted are removed after this many days; never without a
    value."""
