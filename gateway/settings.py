"""The settings of the gateway."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, FilePath, PositiveFloat, field_validator

from chassis.access.caller import Scope
from chassis.access.key_file import KeyFileError, read_keys
from chassis.runtime.settings import (
    ConfigurationError,
    Port,
    SettingsGroup,
    Shared,
    StatusClientSettings,
    VolumeSettings,
    is_loopback,
)
from contracts.model import Label
from gateway.limits import UploadLimits

HostName = Annotated[str, Field(pattern=r"^(\*|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$", max_length=253)]
"""A name in lower case without its port, or `*`."""


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


class OidcSettings(SettingsGroup):
    """Bearer tokens of an identity provider (OpenID Connect)."""

    issuer: str | None = Field(default=None, pattern=r"^https?://[^?#\s]+$")
    """Address of the provider, exactly as `iss` in its tokens; tokens are accepted once it is set.
    It must be https, or on this machine."""
    audience: str = Field(default="hdv", min_length=1)
    """What `aud` of a token must contain."""
    leeway_seconds: float = Field(default=60, ge=0, le=600)
    """By how much the clocks of provider and gateway may differ."""
    scopes_claim: str = Field(default="scope", min_length=1)
    """The claim with scopes or roles, such as `realm_access.roles` with Keycloak."""
    scopes: dict[str, tuple[Scope, ...]] = Field(
        default={f"hdv:{scope}": (scope,) for scope in Scope}
    )
    """What each value of that claim allows."""
    labels_claim: str | None = Field(default=None, min_length=1)
    """The claim with the labels of the studies that the caller may see; all studies without one."""

    @field_validator("issuer")
    @classmethod
    def _require_protected_issuer(cls, issuer: str | None) -> str | None:
        parts = urlsplit(issuer or "https:")
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise ValueError("must be https: others could answer in its place")
        return issuer


class AuditSettings(SettingsGroup):
    """The audit log."""

    max_file_bytes: int = Field(default=64 * 1024**2, ge=4096)
    """A file of the log that has grown to this size is continued in another one; there is a new one
    each day anyway."""
    days: int | None = Field(default=None, ge=1)
    """Files of the log are deleted after this many days; never without a value."""
    syslog_host: str | None = None
    """Where records are also sent as DICOM audit messages, by syslog over TLS; nowhere without a
    value."""
    syslog_port: int = Field(default=6514, ge=1, le=65_535)
    """The port there."""
    syslog_ca: FilePath | None = None
    """The certificate authority of that server; without one, those of the system."""
    syslog_certificate: FilePath | None = None
    """The gateway's own certificate and key in one file, if that server asks for one."""


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
    allowed_hosts: tuple[HostName, ...] = ()
    """Further names that the header `Host` may have, besides `localhost`, addresses in numbers and
    the name in `public_url`; `*` allows any."""
    allow_unauthenticated: Literal["on_loopback", "always", "never"] = "on_loopback"
    """Whether requests need no key or token: `on_loopback` until there is a key or an identity
    provider, and until then the gateway listens on this machine only; `always` if a proxy in front
    of it authenticates all requests; `never` even if there is no key yet."""
    keys_file: Annotated[Path, Shared()] = Path("data/keys.json")
    """The file of API keys that `hdv keys` writes. It has digests only."""
    quarantine_days: float | None = Field(default=None, gt=0)
    """Files are deleted from the quarantine after this many days; never without a value."""
    quarantine_days_by_label: dict[Label, PositiveFloat] = Field(default={})
    """The same for uploads with a label, as in `{"trial-42": 30}`; it counts more."""
    archive_days: float | None = Field(default=None, gt=0)
    """Archived studies are deleted this many days after they were archived; never without a value.
    """
    archive_days_by_label: dict[Label, PositiveFloat] = Field(default={})
    """The same for uploads with a label; it counts more."""
    oidc: OidcSettings = OidcSettings()
    feed: FeedSettings = FeedSettings()
    stow: StowSettings = StowSettings()
    recovery: RecoverySettings = RecoverySettings()
    audit_dir: Annotated[Path, Shared()] = Path("data/audit")
    """Directory of the audit log."""
    audit: AuditSettings = AuditSettings()

    @property
    def hosts(self) -> frozenset[str]:
        """All names that the header `Host` may have."""
        public = (urlsplit(self.public_url).hostname or "",) if self.public_url else ()
        return frozenset((*self.allowed_hosts, *public))

    @property
    def exposed_at(self) -> str | None:
        """An address under which others may reach the gateway, perhaps through a proxy."""
        others = (host for host in sorted(self.hosts) if not is_loopback(host))
        return super().exposed_at or next(others, None)

    def remedy_if_open(self) -> str | None:
        """If it admits everyone: what to set before it may be exposed. Blocks.

        Raises:
            ConfigurationError: the file of API keys cannot be read.
        """
        try:
            if self.allow_unauthenticated != "on_loopback" or self.oidc.issuer:
                return None
            if read_keys(self.keys_file):
                return None
        except KeyFileError as error:
            raise ConfigurationError(f"{self.service}: {error}") from None
        return (
            "make an API key (hdv keys create), set oidc.issuer, or set allow_unauthenticated to "
            "'never', or to 'always' if a proxy authenticates all requests"
        )
