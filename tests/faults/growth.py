"""What a running system uses, and whether it uses more and more."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.accounting import ProcessTree
from contracts.status import State
from faults.system import System
from kit.pipeline import until

FOREVER = -1
"""What TTL answers for a key that does not expire."""

RETENTION = {
    "HDV_STATUS__RECORD_DAYS": "0.00001",
    "HDV_STATUS__TRIM_PERIOD_SECONDS": "2",
}
"""Settings with which nothing is kept of a study that was deleted, beside what expires by itself
and the events, which are kept for a week at least."""
ABSOLUTE = {
    "memory bytes": 24e6,
    "open files": 8.0,
    "threads": 4.0,
    "stored files": 0.0,
    "redis keys": 0.0,
    "redis bytes": 500_000.0,
}
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
    keys = until(partial(_lasting_keys, system.redis.client), "the records to be removed")
    used["redis keys"] = len(keys)
    used["redis bytes"] = sum(keys.values())
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
        allowed = ABSOLUTE[quantity]
        if after - before > allowed:
            found.append(
                f"{name} grew from {before:.0f} to {after:.0f} in {studies:.0f} studies, "
                f"more than by {allowed:.0f}"
            )
    return found


def _studies(samples: Sequence[Sample]) -> list[int]:
    return [sample.studies for sample in samples]


def _lasting_keys(redis: Any) -> dict[str, int] | None:
    """The bytes of every key that neither expires nor is a stream.

    None while there are records of studies that have been deleted: they are being removed.
    """
    if redis.zcard(f"status-index:{State.DELETED}"):
        return None
    names = list(redis.scan_iter())
    with redis.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.ttl(name).type(name).memory_usage(name)
        answers = pipeline.execute()
    kept = zip(names, answers[::3], answers[1::3], answers[2::3], strict=True)
    return {name: size for name, ttl, kind, size in kept if ttl == FOREVER and kind != "stream"}


def _entries(pid: int, directory: str) -> int:
    with suppress(OSError):  # the process has just ended
        return len(list(Path("/proc", str(pid), directory).iterdir()))
    return 0
