"""What `hdv doctor` finds out."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but will not for long, or not for everybody."""
    ERROR = "error"
    """It does not work, or may lose data."""


class Diagnosis(NamedTuple):
    """One thing that was looked at."""

    level: Level
    subject: str
    """What was looked at, such as `volume archive`."""
    found: str
    """What is the case."""
    advice: str = ""
    """What to do about it; empty if nothing has to be done."""


def well(subject: str, found: str) -> Diagnosis:
    """Nothing has to be done."""
    return Diagnosis(Level.OK, subject, found)


def warning(subject: str, found: str, advice: str) -> Diagnosis:
    """Something should be done."""
    return Diagnosis(Level.WARNING, subject, found, advice)


def error(subject: str, found: str, advice: str) -> Diagnosis:
    """Something must be done."""
    return Diagnosis(Level.ERROR, subject, found, advice)


def size(size_bytes: float) -> str:
    """A size for people: `1.5 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.3g} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:,.3g} TB"
