"""The settings of the validator."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from chassis.runtime.settings import Port, Shared, StatusClientSettings, VolumeSettings
from engine.profile_files.errors import ProfileError
from engine.profile_files.loading import load_profile
from engine.profiles.profile import Limits, Profile
from validator.report_size import MOST_BYTES


def _loaded(name_or_path: object) -> Profile:
    if isinstance(name_or_path, Profile):
        return name_or_path
    if not isinstance(name_or_path, str):
        raise PydanticCustomError(
            "profile", "the name of a profile or the path of a file is expected"
        )
    try:
        return load_profile(name_or_path)
    except ProfileError as error:
        text = "; ".join(error.lines)
        raise PydanticCustomError("profile", "{text}", {"text": text}) from None


class OnInvalidInstance(StrEnum):
    """What happens to the valid files of an upload that has others."""

    QUARANTINE = "quarantine"
    """They are archived; the others go to quarantine."""
    FAIL_STUDY = "fail-study"
    """All go to quarantine."""


class ValidatorSettings(VolumeSettings, StatusClientSettings):
    """Settings of the validator."""

    service: ClassVar[str] = "validator"

    port: Port = 8002
    concurrency: int = Field(default=4, ge=1, le=256)
    """Uploads of more than four files or 1 MiB that are validated at the same time; four times as
    many small ones are validated together."""
    processes: int = Field(default=2, ge=1, le=256)
    """Processes that examine files; as many again while some take longer than a second."""
    examination_seconds: float = Field(default=120, gt=0, le=3600)
    """CPU time for one file; then its process is killed and the file is unreadable."""
    examination_memory_bytes: int = Field(default=1024**3, ge=128 * 1024**2)
    """Memory that each of these processes may allocate; the mapped file does not count."""
    profile: Annotated[Profile, NoDecode, BeforeValidator(_loaded)] = Field(
        default="default", validate_default=True
    )
    """The profile of uploads that do not ask for another: `default`, `strict`, `lenient`, or the
    path of a [profile file](site-profiles.md), which is read when the service starts."""
    on_invalid_instance: OnInvalidInstance = OnInvalidInstance.QUARANTINE
    """What happens to the valid files of an upload that has invalid ones: `quarantine` archives
    them and quarantines the others, `fail-study` quarantines all."""
    patient_hash_key: Annotated[SecretStr | None, Shared()] = None
    """Key of the digests of Patient IDs by which studies are found; without one the digests are
    plain SHA-256."""
    max_report_bytes: int = Field(default=MOST_BYTES, ge=4096)
    """About how many bytes of findings the report of an upload lists. Of further files it has the
    most severe finding, and counts the others by code."""
    limits: Limits = Limits()
    """Where an examination stops; a profile can lower these limits."""

    @property
    def applied_profile(self) -> Profile:
        """The profile within the limits."""
        return self.profile.with_limits(self.limits)
