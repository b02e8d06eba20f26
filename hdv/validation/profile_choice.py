"""The profile that a command or a call asks for."""

from pathlib import Path
from typing import Any, Literal

from engine.profile_files.loading import load_profile
from engine.profiles.profile import Profile

Decode = Literal["none", "first", "all"]
"""Which frames are decoded."""


def choose_profile(
    name_or_path: str | Path, *, decode: Decode | None = None, show_values: bool = False
) -> Profile:
    """A profile with what overrides it.

    Args:
        name_or_path: `default`, `strict`, `lenient`, or the path of a profile file.
        decode: which frames to decode; None leaves this to the profile.
        show_values: whether findings show values that may identify a person; False leaves this to
            the profile.

    Raises:
        engine.profile_files.errors.ProfileError: there is no such profile, or it has mistakes.
    """
    changes: dict[str, Any] = {}
    if decode:
        changes["decode"] = decode
    if show_values:
        changes["show_values"] = True
    profile = load_profile(name_or_path)
    return profile.changed(**changes) if changes else profile
