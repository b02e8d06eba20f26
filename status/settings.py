"""What the status service has to know."""

from typing import ClassVar

from pydantic import Field, SecretStr

from chassis.runtime.settings import ServiceSettings


class StatusSettings(ServiceSettings):
    """Settings of the status service; values in ``config.json``."""

    service: ClassVar[str] = "status"

    concurrency: int = Field(ge=1, le=256)
    """Events of a channel that are projected at the same time."""
    trim_period_seconds: float = Field(gt=0)
    """How often the streams are trimmed by age."""
    internal_token: SecretStr | None = None
    """Secret: what callers must send as bearer token, when set."""
