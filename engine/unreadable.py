"""The finding of a file that could not be examined: why not."""

import traceback
from pathlib import Path

from contracts.report import Finding
from engine.findings import Findings
from engine.profiles.profile import Profile
from engine.rules.file import UNREADABLE
from engine.violation import Violation

_CAUSES = {
    "time": "the examination exceeded the time limit",
    "memory": "the examination exceeded the memory limit",
    "death": "the process that examined it died",
}


def unreadable(cause: str, profile: Profile) -> tuple[Finding, ...]:
    """The one finding of such a file.

    Args:
        cause: ``time``, ``memory`` or ``death`` of the process that examined it; or in our words,
            without values of the file, why its bytes could not be read.
        profile: how much the finding weighs.
    """
    findings = Findings(profile)
    findings.add(UNREADABLE, Violation(found=_CAUSES.get(cause, cause)))
    return findings.in_order()


def mistake(error: Exception) -> str:
    """An error of the validator, by type and place: its text may have values of the file."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"a mistake of the validator: {type(error).__name__} at {place}"
