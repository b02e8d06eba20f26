"""Tells by its name whether a file is none of a study's."""

from contracts.intake import SkipReason
from gateway.uploads.limits import path_parts

_MEDIA_DIRECTORY = "DICOMDIR"
_MACOS_FOLDER = "__MACOSX"


def skip_reason(name: str) -> SkipReason | None:
    """Why a file is skipped; nothing when it is taken.

    Args:
        name: as it was sent, perhaps with folders.
    """
    parts = [part for part in path_parts(name) if part not in {"", ".", ".."}]
    if any(part.startswith(".") or part == _MACOS_FOLDER for part in parts):
        return SkipReason.HIDDEN
    if parts and parts[-1].upper() == _MEDIA_DIRECTORY:
        return SkipReason.MEDIA_DIRECTORY
    return None
