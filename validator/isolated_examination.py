"""Examines files in separate processes, since a hostile file may kill one."""

from asyncio import gather
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from chassis.messaging.errors import short_of_memory
from chassis.observability.metrics import Metrics
from chassis.runtime.batches import Together, packed
from chassis.runtime.isolation import Isolation, IsolationError, ShortOfMemoryError
from engine.profiles.profile import Profile
from engine.report import Report
from engine.unreadable import unreadable
from validator.examine import FILES_AT_ONCE, Examine
from validator.examine_file import examine_all, examine_file


def isolated_examiner(isolation: Isolation, metrics: Metrics, processes: int) -> Examine:
    """Examine untrusted files in processes that may die.

    Several go to a process at once, also those of several small uploads; if that fails or takes
    long, each of them goes alone. A file that exceeds a limit or crashes its process is a finding,
    not an outage.

    Args:
        isolation: the processes.
        metrics: counts the files, and those that are to blame for the end of a process.
        processes: over how many of them files are spread.
    """

    async def examined(wanted: Sequence[_Wanted]) -> list[list[Report]]:
        """The reports on the first files of uploads that have the same profile."""
        names = [name for one in wanted for name in one.names]
        reports = iter(await _together(isolation, names, wanted[0].profile))
        return [list(islice(reports, len(one.names))) for one in wanted]

    async def spread(wanted: Sequence[_Wanted]) -> list[list[Report] | Exception]:
        """The reports on the first files of each upload."""
        files = sum(len(one.names) for one in wanted)
        most = min(FILES_AT_ONCE, -(-files // processes))
        by_profile = groupby(wanted, key=lambda one: one.profile.digest)
        packs = [
            pack
            for _, alike in by_profile
            for pack in packed(alike, lambda one: len(one.names), most)
        ]
        results: list[list[Report] | Exception] = []
        for pack, reports in zip(
            packs, await gather(*map(examined, packs), return_exceptions=True), strict=True
        ):
            if isinstance(reports, Exception):
                results += [reports] * len(pack)
            elif isinstance(reports, BaseException):
                raise reports
            else:
                results += reports
        return results

    together: Together[_Wanted, list[Report]] = Together(spread)

    async def run(paths: Sequence[Path], profile: Profile) -> list[Report]:
        names = [str(path) for path in paths]
        reports = await together.add(_Wanted(names, profile))
        left = names[len(reports) :]
        # Each upload waits for its own files only.
        reports += await gather(*(_alone(isolation, metrics, name, profile) for name in left))
        for report in reports:
            metrics.file_examined(report.outcome)
            metrics.findings((finding.code, finding.severity) for finding in report.findings)
        return reports

    return run


class _Wanted(NamedTuple):
    """Files of an upload that are to be examined."""

    names: Sequence[str]
    profile: Profile


async def _together(isolation: Isolation, names: Sequence[str], profile: Profile) -> list[Report]:
    """The reports on the first of several files; on none if a process failed or was in the way."""
    if len(names) > 1:
        with suppress(IsolationError):
            return await isolation.run(examine_all, names, profile, again=False)
    return []


async def _alone(isolation: Isolation, metrics: Metrics, name: str, profile: Profile) -> Report:
    try:
        return await isolation.run(examine_file, name, profile)
    except ShortOfMemoryError:
        raise short_of_memory() from None
    except IsolationError as error:
        metrics.killed(error.cause)
        return Report(findings=unreadable(error.cause, profile))
