"""Validates DICOM files from Python, and contains the `hdv` command.

`from hdv import validate` is explained in docs/python.md. The engine is loaded when a name is
first used: `import hdv` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.report import Finding, Severity
    from engine.profile_files.errors import ProfileError
    from hdv.api import (
        FileReport,
        SkippedPath,
        StudyComparison,
        ValidationReport,
        Verdict,
        validate,
        validate_paths,
    )
    from hdv.exit import CommandError

_MODULES = {
    "CommandError": "hdv.exit",
    "FileReport": "hdv.api",
    "Finding": "contracts.report",
    "ProfileError": "engine.profile_files.errors",
    "Severity": "contracts.report",
    "SkippedPath": "hdv.api",
    "StudyComparison": "hdv.api",
    "ValidationReport": "hdv.api",
    "Verdict": "hdv.api",
    "validate": "hdv.api",
    "validate_paths": "hdv.api",
}
"""Where each name of the API is defined."""

__all__ = [
    "CommandError",
    "FileReport",
    "Finding",
    "ProfileError",
    "Severity",
    "SkippedPath",
    "StudyComparison",
    "ValidationReport",
    "Verdict",
    "validate",
    "validate_paths",
]


def __getattr__(name: str) -> object:
    """Load a name of the API when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'hdv' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
