"""What the gateway has to know."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from chassis.runtime.settings import StatusClientSettings, VolumeSettings
from gateway.uploads.body import Limits
from gateway.uploads.limits import ArchiveLimits


class FeedSettings(BaseModel):
    """How clients may listen to the live feed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_streams: int = Field(ge=1, le=10_000)
    """Clients that listen at the same time; more are told to come back."""
    queue_size: int = Field(ge=1, le=100_000)
    """About so many events wait for a client; who falls further behind is dropped."""
    heartbeat_seconds: float = Field(gt=0, le=300)
    """A client hears something at least so often."""
    stream_seconds: float = Field(gt=0, le=86_400)
    """After about so long a stream is ended; the client comes back."""


class StowSettings(BaseModel):
    """How long STOW-RS requests wait for their outcome."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wait_seconds: float = Field(gt=0, le=3600)
    """Who has sent instances is told after so long that their outcome is pending."""
    max_waiting: int = Field(ge=1, le=10_000)
    """STOW-RS requests at the same time; more are told to come back."""


class GatewaySettings(VolumeSettings, StatusClientSettings):
    """Settings of the gateway; values in ``config.json``."""

    service: ClassVar[str] = "gateway"

    max_files: int = Field(ge=1, le=999_999)
    """Files that an upload may have, those from archives among them."""
    max_upload_bytes: int = Field(gt=0)
    """The greatest size of an upload's files together."""
    min_free_bytes: int = Field(ge=0)
    """Uploads are refused when they would leave less free space on the volume."""
    max_concurrent_uploads: int = Field(ge=1, le=10_000)
    """Uploads that are received at the same time; more are told to come back."""
    idle_timeout_seconds: float = Field(gt=0, le=3600)
    """An upload that sends nothing for so long is given up, and so is a download whose client reads
    nothing."""
    max_upload_seconds: float = Field(gt=0)
    """An upload that takes longer is given up: a trickle must not hold a place for ever."""
    archives: ArchiveLimits
    idempotency_seconds: int = Field(ge=60, le=30 * 86_400)
    """So long the first answer to an `Idempotency-Key` is kept."""
    retry_after_seconds: int = Field(ge=1)
    """What clients are told to wait before they ask for the status."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[^?#\s]*[^/?#\s]$")
    """Under which clients reach the gateway, for the URLs that answers contain; when null, as the
    request says (`Host`)."""
    quarantine_days: float | None = Field(gt=0)
    """After so many days files leave the quarantine by themselves; never when null."""
    feed: FeedSettings
    stow: StowSettings

    @property
    def limits(self) -> Limits:
        """What an upload may cost."""
        return Limits(
            max_files=self.max_files,
            max_upload_bytes=self.max_upload_bytes,
            min_free_bytes=self.min_free_bytes,
            idle_timeout_seconds=self.idle_timeout_seconds,
            max_upload_seconds=self.max_upload_seconds,
            archives=self.archives,
        )
