"""What a running system uses, and whether it uses more and more."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.accounting import ProcessTree
from faults.system import System

PER_STUDY = {"redis keys": 2.3, "redis bytes": 8000.0}
"""How much may be added for each upload: for a time, Redis keeps its events, its idempotency key,
and the records that say that its studies were deleted."""
ABSOLUTE = {"memory bytes": 24e6, "open files": 8.0, "threads": 4.0, "stored files": 0.0}
"""How much may be added altogether, between the second quarter of a run and the last one."""


@dataclass(frozen=True)
class Sample:
    """What is used at one moment.

    Attributes:
        studies: how many have been processed so far.
        used: quantities by their names: `validator: threads`.
    """

    studies: int
    used: Mapping[str, float]


def sample(system: System, studies: int) -> Sample:
    """What a system that is at rest uses."""
    used: dict[str, float] = {}
    for name in system.processes:
        tree = ProcessTree(system.processes[name].pid)
        _, used[f"{name}: memory bytes"] = tree.memory()
        used[f"{name}: open files"] = sum(_entries(pid, "fd") for pid in tree.pids())
        used[f"{name}: threads"] = sum(_entries(pid, "task") for pid in tree.pids())
    redis = system.redis.client
    used["redis keys"] = redis.dbsize()
    used["redis bytes"] = redis.info("memory")["used_memory_dataset"]
    volumes = system.volumes
    used["stored files"] = sum(
        1
        for volume in (volumes.uploads, volumes.quarantine, volumes.archive)
        for _ in volume.rglob("*")
    )
    return Sample(studies, used)


def growth(samples: Sequence[Sample]) -> list[str]:
    """The quantities that grow more than they may, a line for each.

    The first quarter is left out: caches fill and pools start.
    """
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    studies = median(_studies(late)) - median(_studies(early))
    found = []
    for name in samples[0].used:
        quantity = name.rpartition(": ")[2]
        before = median(sample.used[name] for sample in early)
        after = median(sample.used[name] for sample in late)
        allowed = PER_STUDY.get(quantity, 0.0) * studies + ABSOLUTE.get(quantity, 0.0)
        if after - before > allowed:
            found.append(
                f"{name} grew from {before:.0f} to {after:.0f} in {studies:.0f} studies, "
                f"more than by {allowed:.0f}"
            )
    return found


def _studies(samples: Sequence[Sample]) -> list[int]:
    return [sample.studies for sample in samples]


def _entries(pid: int, directory: str) -> int:
    with suppress(OSError):  # the process has just ended
        return len(list(Path("/proc", str(pid), directory).iterdir()))
    return 0
