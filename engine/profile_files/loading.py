"""The profile of a name: a built-in one, or the one in a file."""

import re
from pathlib import Path
from typing import get_args

from engine.profile_files.errors import Mistake, ProfileError
from engine.profiles.profile import BuiltIn, Profile
from engine.profiles.selection import suggestion

BUILT_IN: tuple[str, ...] = get_args(BuiltIn)
"""Names of the profiles that come along."""
_DIRECTORY = Path(__file__).parent
_NAME = re.compile(r"[A-Za-z0-9_-]+")
# Errors are what prevents filing (a required element is missing, an identifying UID is malformed)
# and corruption (bytes or pixels are lost, wrong, or cannot be read). Other violations of the
# standard are warnings: most archives hold millions of them, and the images can be used.
# The severities themselves are defined with the rules: `hdv rules` lists them.
_DEFAULT = Profile(
    description="What prevents filing, and corruption, are errors; other violations are warnings."
)


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile with that name, or the one in a file.

    Args:
        name_or_path: `default`, `strict`, `lenient`, or the path of a file.

    Raises:
        ProfileError: there is no such profile, or something in the file is wrong.
    """
    source = str(name_or_path)
    if source == "default":
        return _DEFAULT
    is_built_in = source in BUILT_IN
    path = _DIRECTORY / f"{source}.yaml" if is_built_in else Path(source)
    if _NAME.fullmatch(source) and not path.exists():
        hint = suggestion(source, BUILT_IN) or f"; there are {', '.join(BUILT_IN)}"
        raise ProfileError(source, [Mistake(0, 0, f"is no profile and no file{hint}")])
    # Most runs need no file, and importing PyYAML takes as long as examining fifty slices.
    from engine.profile_files.reading import read_profile  # noqa: PLC0415 -- see above

    profile = read_profile(path, source, reserved=() if is_built_in else BUILT_IN)
    return load_profile(profile.extends).complemented(profile)
