"""The validation profiles that an upload may ask for: what comes along, and a folder's files."""

import re
from pathlib import Path

BUILT_IN = frozenset({"default", "strict", "lenient"})
"""Profiles that come along; a file in the folder cannot take their names."""
ENDINGS = (".yaml", ".yml", ".json")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def profile_files(directory: Path | None) -> dict[str, Path]:
    """The profile files in a folder by the names that uploads ask for them with.

    Args:
        directory: the setting ``profiles_dir``; it is read again each time, so that a file added
            counts at once.

    Returns:
        Of files of one name with several endings the first of `ENDINGS`. Empty without a folder.

    Raises:
        OSError: the folder cannot be read.
    """
    if directory is None:
        return {}
    found = [
        path
        for path in directory.iterdir()
        if path.suffix in ENDINGS and _NAME.fullmatch(path.stem) and path.stem not in BUILT_IN
    ]
    found.sort(key=lambda path: ENDINGS.index(path.suffix), reverse=True)
    return {path.stem: path for path in found if path.is_file()}


def profile_names(directory: Path | None) -> list[str]:
    """All names that an upload may ask for, sorted.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(BUILT_IN | profile_files(directory).keys())
