"""The settings of the gateway."""

from typing import ClassVar

from pydantic import Field, PositiveFloat

from chassis.runtime.settings import (
    Port,
    SettingsGroup,
    StatusClientSettings,
    VolumeSettings,
)
from contracts.model import Label
from gateway.limits import UploadLimits


class FeedSettings(SettingsGroup):
    """The live feed, `GET /events/stream`."""

    max_streams: int = Field(default=100, ge=1, le=10_000)
    """Clients that follow the feed at the same time; further ones get 503."""
    queue_size: int = Field(default=1000, ge=1, le=100_000)
    """About how many events wait for a client; one that falls further behind is disconnected."""
    heartbeat_seconds: float = Field(default=15, gt=0, le=300)
    """Longest silence on a stream."""
    stream_seconds: float = Field(default=600, gt=0, le=86_400)
    """A stream ends after about this long; the client reconnects."""


class StowSettings(SettingsGroup):
    """STOW-RS requests that wait for their outcome."""

    wait_seconds: float = Field(default=60, gt=0, le=3600)
    """How long a request waits for the outcome before it gets 503 `outcome-pending`."""
    max_waiting: int = Field(default=64, ge=1, le=10_000)
    """STOW-RS requests at the same time; further ones get 503."""


class RecoverySettings(SettingsGroup):
    """The reconciler, which announces uploads again that Redis has lost."""

    period_seconds: float = Field(default=15, gt=0, le=86_400)
    """How often it looks for them."""
    after_seconds: float = Field(default=10, gt=0, le=86_400)
    """An upload can be lost only if it arrived longer ago than this."""


class GatewaySettings(UploadLimits, VolumeSettings, StatusClientSettings):
    """Settings of the gateway, the limits of an upload among them."""

    model_config = VolumeSettings.model_config
    service: ClassVar[str] = "gateway"

    port: Port = 8000
    max_concurrent_uploads: int = Field(default=64, ge=1, le=10_000)
    """Uploads that are received at the same time; further ones get 503."""
    max_waiting_studies: int = Field(default=10_000, ge=1)
    """Studies that wait to be validated or archived; while there are more, new uploads get 503."""
    idempotency_seconds: int = Field(default=86_400, ge=60, le=30 * 86_400)
    """How long the first response to an `Idempotency-Key` is kept."""
    retry_after_seconds: int = Field(default=1, ge=1)
    """How long clients are asked to wait before they ask for a study's status again."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[^?#\s]*[^/?#\s]$")
    """Address under which clients reach the gateway, for the URLs in responses; without one it is
    taken from the request (`Host`)."""
    quarantine_days: float | None = Field(default=None, gt=0)
    """Files are deleted from the quarantine after this many days; never without a value."""
    quarantine_days_by_label: dict[Label, PositiveFloat] = Field(default={})
    """The same for uploads with a label, as in `{"trial-42": 30}`; it counts more."""
    archive_days: float | None = Field(default=None, gt=0)
    """Archived studies are deleted this many days after they were archived; never without a value.
    """
    archive_days_by_label: dict[Label, PositiveFloat] = Field(default={})
    """The same for uploads with a label; it counts more."""
    feed: FeedSettings = FeedSettings()
    stow: StowSettings = StowSettings()
    recovery: RecoverySettings = RecoverySettings()
