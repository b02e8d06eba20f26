"""The profiles that uploads ask for by name: the built-in ones, and the files of a folder."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from chassis.messaging.errors import PermanentError
from chassis.observability.logs import get_logger
from engine.profile_files.directory import BUILT_IN, profile_files
from engine.profile_files.errors import ProfileError
from engine.profile_files.loading import load_profile
from engine.profiles.profile import Limits, Profile


class ProfileLookup:
    """Returns profiles by their names; a changed file applies from the next upload on.

    Args:
        usual: the profile of uploads that ask for none.
        directory: the folder; None if there is none.
        limits: where an examination stops, whatever the profile says.
    """

    def __init__(self, usual: Profile, directory: Path | None, limits: Limits) -> None:
        self._usual = usual
        self._directory = directory
        self._limits = limits

    def __call__(self, name: str | None) -> Profile:
        """The profile of a name; the usual one for None. May read a small file.

        Raises:
            PermanentError: there is no such profile, or its file has a mistake.
        """
        if name is None:
            return self._usual
        if name in BUILT_IN:
            return _load(name, 0).with_limits(self._limits)
        path = profile_files(self._directory).get(name)
        if path is None:
            raise PermanentError("profile.unknown", "The validator does not know the profile.")
        try:
            return _load(str(path), path.stat().st_mtime_ns).with_limits(self._limits)
        except ProfileError as error:
            for line in error.lines:
                get_logger().error("profile.invalid", mistake=line)
            message = "The profile has a mistake; the validator's log has it."
            raise PermanentError("profile.invalid", message) from None

    def mistakes(self) -> Iterator[str]:
        """What is wrong with the files of the folder, a line each."""
        for path in profile_files(self._directory).values():
            try:
                load_profile(str(path))
            except ProfileError as error:
                yield from error.lines


@lru_cache(maxsize=64)
def _load(name_or_path: str, _changed_ns: int) -> Profile:
    return load_profile(name_or_path)
