"""Examines files; the isolated processes import this module and the engine, nothing else."""

import time
from collections.abc import Sequence
from pathlib import Path

from engine.encoding.mapping import map_file
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.report import Report
from engine.unreadable import mistake, unreadable

LONG_SECONDS = 1.0
"""CPU time after which further files go alone: the cheap ones must not wait for the expensive."""


def examine_file(path: str, profile: Profile) -> Report:
    """Examine a file through a memory map, so that its size does not count."""
    content = map_file(Path(path))
    try:
        return examine(content, profile)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- our mistake costs one file
        return Report(findings=unreadable(mistake(error), profile))


def examine_all(paths: Sequence[str], profile: Profile) -> list[Report]:
    """Examine some files, the last ones only if it does not take long; see `examine_file`."""
    reports: list[Report] = []
    begin = time.process_time()
    for path in paths:
        reports.append(examine_file(path, profile))
        if time.process_time() - begin > LONG_SECONDS:
            break
    return reports
