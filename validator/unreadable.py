"""What is found in a file that could not be examined: the cause."""

import traceback
from pathlib import Path

from chassis.confinement import Cause
from contracts.report import Finding
from validator.findings import Findings
from validator.profiles.profile import Profile
from validator.rule import Violation
from validator.rules.file import UNREADABLE

_CAUSES = {
    Cause.TIME: "the examination exceeded the time limit",
    Cause.MEMORY: "the examination exceeded the memory limit",
    Cause.DEATH: "the process that examined it died",
}


def unreadable(cause: Cause | str, profile: Profile) -> tuple[Finding, ...]:
    """The one finding of such a file.

    Args:
        cause: what became of its examination; or in our words, without values of the file, why
            its bytes could not be had.
        profile: how much the finding weighs.
    """
    findings = Findings(profile)
    found = _CAUSES[cause] if isinstance(cause, Cause) else cause
    findings.add(UNREADABLE, Violation(found=found))
    return findings.in_order()


def mistake(error: Exception) -> str:
    """A mistake of ours and its place; never its text, which may have values of the file."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"a mistake of the validator: {type(error).__name__} at {place}"
