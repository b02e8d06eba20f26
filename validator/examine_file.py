"""Examines files; the isolated processes import this module and the engine, nothing else."""

from collections.abc import Sequence
from pathlib import Path

from engine.encoding.mapping import map_file
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.report import Report
from engine.unreadable import mistake, unreadable


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
    """Examine some files; see `examine_file`."""
    return [examine_file(path, profile) for path in paths]
