"""Examines a file in a separate process, since a hostile file may kill it."""

from pathlib import Path

from chassis.observability.metrics import Metrics
from chassis.runtime.isolation import Cause, Isolation, IsolationError
from engine.encoding.mapping import map_file
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.report import Report
from engine.unreadable import mistake, unreadable
from validator.examine import Examine


def isolated_examiner(isolation: Isolation, metrics: Metrics) -> Examine:
    """Examine untrusted files in processes that may die.

    A file whose process dies is tried once more, because the process may have died through
    another file's fault. After that it is a finding, not an outage.
    """

    async def run(path: Path, profile: Profile) -> Report:
        try:
            report = await _retried(path, profile)
        except IsolationError as error:
            report = Report(findings=unreadable(error.cause, profile))
        metrics.file_examined(report.outcome)
        return report

    async def _retried(path: Path, profile: Profile) -> Report:
        try:
            return await isolation.run(examine_file, str(path), profile)
        except IsolationError as error:
            if error.cause is not Cause.DEATH:
                raise
            return await isolation.run(examine_file, str(path), profile)

    return run


def examine_file(path: str, profile: Profile) -> Report:
    """Examine a file through a memory map, so that its size does not count."""
    content = map_file(Path(path))
    try:
        return examine(content, profile)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- our mistake costs one file
        return Report(findings=unreadable(mistake(error), profile))
