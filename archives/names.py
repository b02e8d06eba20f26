"""What the name of a file says: whether it is safe, and whether the file is skipped."""

import re

from contracts.model import SkipReason

_DRIVE = re.compile(r"[A-Za-z]:")
_SEPARATOR = re.compile(r"[/\\]")
_MEDIA_DIRECTORY = "DICOMDIR"
_MACOS_FOLDER = "__MACOSX"


def unsafe_name(name: str) -> str | None:
    """What is unsafe about an entry's name, as the end of a sentence; None if it is safe.

    Args:
        name: as the archive file has it, perhaps a path of any system.
    """
    parts = _SEPARATOR.split(name)
    if not parts[0] or _DRIVE.match(name):
        return "has an absolute name, or none"
    return "has a name with '..'" if ".." in parts else None


def skip_reason(name: str) -> SkipReason | None:
    """Why a file with this name is skipped; None if it is not.

    Args:
        name: as it was sent or found, perhaps with folders.
    """
    parts = [part for part in _SEPARATOR.split(name) if part not in {"", ".", ".."}]
    if any(part.startswith(".") or part == _MACOS_FOLDER for part in parts):
        return SkipReason.HIDDEN
    if parts and parts[-1].upper() == _MEDIA_DIRECTORY:
        return SkipReason.MEDIA_DIRECTORY
    return None
