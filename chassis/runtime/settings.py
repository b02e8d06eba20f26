"""Settings: defaults < ``config.json`` < environment < secret files; typos stop the service."""

import json
import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import (
    ConfigDict,
    DirectoryPath,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from contracts.described import Described
from storage.file_store import FileStore
from storage.study_store import StudyStore


class ConfigurationError(Exception):
    """The settings are wrong; the text is the one line to show."""


@dataclass(frozen=True)
class Shared:
    """Marks a setting that ``HDV_<NAME>`` gives to every service at once."""


Port = Annotated[int, Field(ge=0, le=65535, description="Port to listen on.")]


class SettingsGroup(Described):
    """Settings that belong together, under one name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DeliverySettings(SettingsGroup):
    """How messages are delivered and retried."""

    claim_idle_seconds: float = Field(default=30, gt=0.1, le=3600)
    """A message whose worker has shown no sign of life for this long goes to another worker."""
    max_deliveries: int = Field(default=8, ge=2, le=100)
    """A message that has failed so often, or has ended its worker so often, is dead-lettered; its
    study's status becomes `error`. What the environment does (disk full, Redis or a process gone)
    does not count."""
    graceful_timeout_seconds: float = Field(default=15, gt=0, le=300)
    """How long a service that stops waits for the work in flight."""


class HttpSettings(SettingsGroup):
    """What a connection may send, and for how long it may wait."""

    max_connections: int = Field(default=1000, ge=1, le=100_000)
    """Connections at the same time. A further one replaces the one that has waited longest for a
    request; if all are being answered, it gets 503."""
    max_url_bytes: int = Field(default=8192, ge=256, le=65_536)
    """Longest URL; a longer one gets 414."""
    max_header_bytes: int = Field(default=32_768, ge=1024, le=1_048_576)
    """Largest size of a request line and its headers together; more gets 431."""
    max_headers: int = Field(default=100, ge=10, le=10_000)
    """Headers that a request may have; more get 431."""
    header_seconds: float = Field(default=20, gt=0, le=600)
    """How long a request line and its headers may take to arrive; after that the client gets
    408."""
    keep_alive_seconds: float = Field(default=30, gt=0, le=3600)
    """How long a connection may wait for its next request."""
    stalled_seconds: float = Field(default=60, gt=0, le=3600)
    """A client that reads nothing of what is sent to it for this long is disconnected."""
    max_json_bytes: int = Field(default=4 * 1024**2, ge=1024, le=256 * 1024**2)
    """Largest JSON body; a larger one gets 413. Uploads have limits of their own."""
    json_seconds: float = Field(default=30, gt=0, le=600)
    """How long a JSON body may take to arrive; after that the client gets 408."""


class ServiceSettings(Described, BaseSettings):
    """Settings of every service."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_nested_delimiter="__")
    service: ClassVar[str]
    """Name of the service: of its package, its consumer group, its part of the environment."""

    host: Annotated[str, Shared()] = "127.0.0.1"
    """Address to listen on."""
    port: Port
    share_port: bool = False
    """Whether several processes of the service listen on the port; the system divides the
    connections among them."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Shared()] = "info"
    """The lowest level that is logged."""
    log_format: Annotated[Literal["json", "console"], Shared()] = "json"
    """`json` writes one JSON object per line, `console` lines for people."""
    log_exception_texts: Annotated[bool, Shared()] = False
    """Whether console logs quote exceptions. Their texts may contain patient data: for a
    developer's machine only."""
    redis_url: Annotated[str, Shared()] = Field(
        default="redis://127.0.0.1:6379/0", pattern=r"^(rediss?|unix)://.+$"
    )
    """Where Redis is, without its password."""
    otel_endpoint: Annotated[str | None, Shared()] = Field(
        default=None, pattern=r"^https?://[^/\s]+(/[^?#\s]*)?$"
    )
    """Address of a collector that takes [traces](observability.md#traces) by OTLP over HTTP; needs
    the extra `otel`. Nothing is traced without a value."""
    otel_ratio: Annotated[float, Shared()] = Field(default=1.0, ge=0, le=1)
    """The share of uploads that are traced, where their clients have not decided it."""
    delivery: DeliverySettings = DeliverySettings()
    http: HttpSettings = HttpSettings()
    redis_password: Annotated[SecretStr | None, Shared()] = None
    """Password of Redis."""
    internal_token: Annotated[SecretStr | None, Shared()] = None
    """Bearer token that the services have in common. The status service and the metrics of all
    services require it. Without one a service listens on this machine only; `hdv up` makes one."""

    @property
    def exposed_at(self) -> str | None:
        """An address under which others may reach the service; None if there is none."""
        return None if is_loopback(self.host) else f"{self.host}:{self.port}"

    def remedy_if_open(self) -> str | None:
        """If the service admits everyone: what to set before it may be exposed. May block.

        Raises:
            ConfigurationError: it cannot be found out.
        """
        return None if self.internal_token else "set HDV_INTERNAL_TOKEN for all services"

    @model_validator(mode="after")
    def _keep_exception_texts_on_the_console(self) -> Self:
        if self.log_exception_texts and self.log_format != "console":
            raise ValueError("log_exception_texts needs log_format 'console'")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Highest priority first: arguments, secret files, own environment, shared one, file."""
        del env_settings, dotenv_settings, file_secret_settings
        return (
            init_settings,
            *_secret_files(settings_cls),
            EnvSettingsSource(settings_cls, env_prefix=_own_prefix(cls.service)),
            _SharedEnvironment(settings_cls, env_prefix="HDV_"),
            InitSettingsSource(settings_cls, _config_file(cls)),
        )


class VolumeSettings(ServiceSettings):
    """Settings of the services that work on the volumes."""

    uploads_dir: Annotated[Path, Shared()] = Path("data/uploads")
    """Directory of studies that wait for validation or archiving."""
    quarantine_dir: Annotated[Path, Shared()] = Path("data/quarantine")
    """Directory of invalid files and their reports."""
    archive_dir: Annotated[Path, Shared()] = Path("data/archive")
    """Directory of the archive."""
    profiles_dir: Annotated[DirectoryPath | None, Shared()] = None
    """Directory of further [validation profiles](site-profiles.md) that uploads may ask for by
    name."""

    @property
    def studies(self) -> StudyStore:
        """Where studies are stored. This is the one place that chooses the backend."""
        return StudyStore(
            FileStore(
                uploads=self.uploads_dir.absolute(),
                quarantine=self.quarantine_dir.absolute(),
                archive=self.archive_dir.absolute(),
            )
        )


class StatusClientSettings(ServiceSettings):
    """Settings of the services that call the status service."""

    status_url: Annotated[str, Shared()] = Field(
        default="http://127.0.0.1:8001", pattern=r"^https?://[^/]+$"
    )
    """Base address of the status service."""
    status_timeout_seconds: float = Field(default=10, gt=0, le=60)
    """How long a request to it may take; longer than it waits for Redis (5 s)."""


def is_loopback(host: str) -> bool:
    """Whether an address or name is of this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def require_protected(settings: ServiceSettings) -> None:
    """Make sure that what admits everyone is reachable from this machine only. May block.

    Raises:
        ConfigurationError: others can reach the service, and it would admit them.
    """
    if settings.exposed_at and (remedy := settings.remedy_if_open()):
        raise ConfigurationError(
            f"{settings.service}: would be open to everyone who reaches {settings.exposed_at}: "
            f"{remedy}"
        )


def is_shared(field: FieldInfo) -> bool:
    """Whether ``HDV_<NAME>`` sets it for every service at once."""
    return any(isinstance(mark, Shared) for mark in field.metadata)


def is_secret(field: FieldInfo) -> bool:
    """Whether it comes from the environment or a secret file only."""
    return SecretStr in get_args(field.annotation)


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load(settings_class: type[SettingsT], **overrides: Any) -> SettingsT:  # noqa: ANN401 -- any field
    """Read the settings of a service.

    Args:
        settings_class: the settings of the service.
        overrides: values that take precedence over every source.

    Raises:
        ConfigurationError: a setting is unknown, missing or impossible.
    """
    service = settings_class.service
    try:
        _refuse_unknown_environment(settings_class)
        return settings_class(**overrides)
    except ValidationError as error:
        problems = "; ".join(_describe(problem) for problem in error.errors(include_input=False))
        raise ConfigurationError(f"{service}: {problems}") from None
    except SettingsError as error:
        raise ConfigurationError(f"{service}: {str(error).splitlines()[0]}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{service}: {error}") from None


def _describe(problem: Any) -> str:  # noqa: ANN401 -- pydantic_core.ErrorDetails
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown setting '{name}'"
    if problem["type"] == "missing":
        return f"setting '{name}' is missing"
    return f"setting '{name}': {problem['msg']}"


class _SharedEnvironment(EnvSettingsSource):
    """``HDV_<NAME>`` for the settings that are marked as shared."""

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        values = super().__call__()
        return {name: value for name, value in values.items() if is_shared(fields[name])}


def _own_prefix(service: str) -> str:
    return f"HDV_{service.upper()}__"


def _secret_files(settings_class: type[BaseSettings]) -> tuple[PydanticBaseSettingsSource, ...]:
    directory = Path(os.environ.get("HDV_SECRETS_DIR", "/run/secrets"))
    if not directory.is_dir():
        return ()
    return (SecretsSettingsSource(settings_class, secrets_dir=directory, env_prefix="hdv_"),)


def _config_file(settings_class: type[ServiceSettings]) -> dict[str, Any]:
    """The service's ``config.json``: the packaged one or the one at ``HDV_<SERVICE>_CONFIG``."""
    service = settings_class.service
    packaged = Path(__file__).parents[2] / service / "config.json"
    path = Path(os.environ.get(f"HDV_{service.upper()}_CONFIG", packaged))
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} must hold a JSON object")
    for name, field in settings_class.model_fields.items():
        if name in content and is_secret(field):
            raise ConfigurationError(f"{path}: secret '{name}' does not belong in config.json")
    return content


def _refuse_unknown_environment(settings_class: type[ServiceSettings]) -> None:
    """A misspelt name such as ``HDV_GATEWAY__PROT`` must not be ignored."""
    prefix = _own_prefix(settings_class.service)
    for name in sorted(os.environ):
        if name.upper().startswith(prefix):
            field = name[len(prefix) :].partition("__")[0].lower()
            if field not in settings_class.model_fields:
                raise ConfigurationError(f"unknown setting '{field}' in the environment ({name})")


def redis_address(settings: ServiceSettings) -> str:
    """The URL of Redis with the password from the secret, when there is one."""
    if settings.redis_password is None:
        return settings.redis_url
    parts = urlsplit(settings.redis_url)
    user, _, host = parts.netloc.rpartition("@")
    password = quote(settings.redis_password.get_secret_value(), safe="")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:{password}@{host}"))
