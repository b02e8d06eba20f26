"""What the validator has to know."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from chassis.runtime.settings import StatusClientSettings, VolumeSettings
from engine.profile_files.loading import ProfileError, load_profile
from engine.profiles.profile import Limits, Profile
from validator.verdict import OnInvalidInstance


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


class ValidatorSettings(VolumeSettings, StatusClientSettings):
    """Settings of the validator; values in ``config.json``."""

    service: ClassVar[str] = "validator"

    concurrency: int = Field(ge=1, le=256)
    """Studies that are worked on at the same time."""
    processes: int = Field(ge=1, le=256)
    """Processes that examine files."""
    examination_seconds: float = Field(gt=0, le=3600)
    """An examination that takes longer is killed; the file is then unreadable."""
    examination_memory_bytes: int = Field(ge=128 * 1024 * 1024)
    """What an examining process may allocate; the mapped file itself does not count."""
    profile: Annotated[Profile, NoDecode, BeforeValidator(_loaded)]
    """What is examined, and how strictly: the name of a profile that comes along, or the path of a
    file (docs/site-profiles.md). It is read once, at the start."""
    on_invalid_instance: OnInvalidInstance
    """What becomes of the valid files of an upload that has others: ``quarantine`` sends them on
    and the others to quarantine, ``fail-study`` sends all to quarantine."""
    patient_hash_key: SecretStr | None = None
    """Secret: key of the digests by which a patient's studies are found."""
    limits: Limits
    """Where an examination stops; a profile can lower them."""

    @property
    def applied_profile(self) -> Profile:
        """The profile within the limits."""
        return self.profile.with_limits(self.limits)
