"""Settings: ``config.json`` < environment < secret files; anything unknown stops the service."""

import json
import os
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, DirectoryPath, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from contracts.volumes import Volumes
from storage.file_store import FileStore
from storage.study_store import StudyStore


class ConfigurationError(Exception):
    """The settings are wrong; the text is the one line to show."""


class DeliverySettings(BaseModel):
    """How a message is delivered, retried and given up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim_idle_seconds: float = Field(gt=0.1, le=3600)
    """A message whose consumer shows no sign of life for so long is given to another."""
    max_deliveries: int = Field(ge=2, le=100)
    """After so many deliveries a message goes to the dead-letter stream."""
    graceful_timeout_seconds: float = Field(gt=0, le=300)
    """How long a stopping service waits for the work in flight."""


class ServiceSettings(BaseSettings):
    """What every service has to know. Values come from its ``config.json``, not from here."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_nested_delimiter="__")
    service: ClassVar[str]
    """Name of the service: of its package, its consumer group, its part of the environment."""

    host: str
    """Address to listen on."""
    port: int = Field(ge=0, le=65535)
    """Port to listen on."""
    log_level: Literal["debug", "info", "warning", "error"]
    redis_url: str = Field(pattern=r"^(rediss?|unix)://.+$")
    """Where Redis is; the password better in ``redis_password``."""
    delivery: DeliverySettings
    redis_password: SecretStr | None = None
    """Secret: from the environment or a secret file only."""

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
            InitSettingsSource(settings_cls, _config_file(cls.service)),
        )


class VolumeSettings(ServiceSettings):
    """Settings of a service that works on the volumes."""

    uploads_dir: Path
    quarantine_dir: Path
    archive_dir: Path
    stale_after_seconds: float = Field(ge=60)
    """What a crash left in a volume's ``.incoming`` is removed at this age, at the next start."""
    profiles_dir: DirectoryPath | None = None
    """A folder with further validation profiles that uploads may ask for by name."""

    @property
    def studies(self) -> StudyStore:
        """Where studies are stored. This is the one place that chooses the backend."""
        volumes = self.volumes
        return StudyStore(FileStore(volumes.uploads, volumes.quarantine, volumes.archive))

    @property
    def volumes(self) -> Volumes:
        """The layout of the volumes, as absolute paths."""
        return Volumes(
            uploads=self.uploads_dir.absolute(),
            quarantine=self.quarantine_dir.absolute(),
            archive=self.archive_dir.absolute(),
        )


class StatusClientSettings(ServiceSettings):
    """Settings of a service that talks to the status service."""

    status_url: str = Field(pattern=r"^https?://[^/]+$")
    """Base address of the status service."""
    status_timeout_seconds: float = Field(gt=0, le=60)
    internal_token: SecretStr | None = None
    """Secret: shared by the services."""


SHARED = frozenset(
    {
        "host",
        "log_level",
        "redis_url",
        "redis_password",
        "internal_token",
        "patient_hash_key",
        "status_url",
        "uploads_dir",
        "quarantine_dir",
        "archive_dir",
        "profiles_dir",
    }
)
"""Settings that ``HDV_<NAME>`` gives to every service at once."""
SECRETS = frozenset({"redis_password", "internal_token", "patient_hash_key"})

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load(settings_class: type[SettingsT], **overrides: Any) -> SettingsT:  # noqa: ANN401 -- any field
    """Read the settings of a service.

    Args:
        settings_class: what the service has to know.
        overrides: values that count more than every source.

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
    """``HDV_<NAME>`` for the settings that all services have in common."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name in SHARED}


def _own_prefix(service: str) -> str:
    return f"HDV_{service.upper()}__"


def _secret_files(settings_class: type[BaseSettings]) -> tuple[PydanticBaseSettingsSource, ...]:
    directory = Path(os.environ.get("HDV_SECRETS_DIR", "/run/secrets"))
    if not directory.is_dir():
        return ()
    return (SecretsSettingsSource(settings_class, secrets_dir=directory, env_prefix="hdv_"),)


def _config_file(service: str) -> dict[str, Any]:
    """The service's ``config.json``: the packaged one or the one at ``HDV_<SERVICE>_CONFIG``."""
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
    if secrets := SECRETS & content.keys():
        raise ConfigurationError(f"{path}: secret '{min(secrets)}' does not belong in config.json")
    return content


def _refuse_unknown_environment(settings_class: type[ServiceSettings]) -> None:
    """A misspelt ``HDV_GATEWAY__PROT`` must not be ignored."""
    prefix = _own_prefix(settings_class.service)
    for name in sorted(os.environ):
        if name.upper().startswith(prefix):
            field = name[len(prefix) :].partition("__")[0].lower()
            if field not in settings_class.model_fields:
                raise ConfigurationError(f"unknown setting '{field}' in the environment ({name})")
