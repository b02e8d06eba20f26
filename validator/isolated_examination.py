"""Examines files in separate processes, since a hostile file may kill one."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chassis.observability.metrics import Metrics
from chassis.runtime.isolation import Isolation, IsolationError
from engine.profiles.profile import Profile
from engine.report import Report
from engine.unreadable import unreadable
from validator.examine import Examine
from validator.examine_file import examine_all, examine_file


def isolated_examiner(isolation: Isolation, metrics: Metrics) -> Examine:
    """Examine untrusted files in processes that may die.

    Several go to a process at once; if that fails, each of them goes alone. A file that exceeds a
    limit or crashes its process is a finding, not an outage.
    """

    async def run(paths: Sequence[Path], profile: Profile) -> list[Report]:
        names = [str(path) for path in paths]
        reports = await _together(isolation, names, profile)
        if reports is None:
            reports = [await _alone(isolation, name, profile) for name in names]
        for report in reports:
            metrics.file_examined(report.outcome)
        return reports

    return run


async def _together(
    isolation: Isolation, names: Sequence[str], profile: Profile
) -> list[Report] | None:
    """The reports of several files; None if a process failed, or there is only one file."""
    if len(names) > 1:
        with suppress(IsolationError):
            return await isolation.run(examine_all, names, profile)
    return None


async def _alone(isolation: Isolation, name: str, profile: Profile) -> Report:
    try:
        return await isolation.run(examine_file, name, profile)
    except IsolationError as error:
        return Report(findings=unreadable(error.cause, profile))
