"""What a running system uses, and whether it uses more and more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.accounting import ProcessTree
from contracts.channels import DEAD_LETTER
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
    "lasting keys": 0.0,
    "expiring keys per study": 0.3,
    "redis bytes": 500_000.0,
    "entries per study": 0.3,
    "unfinished entries": 0.0,
    "dead letters": 0.0,
}
"""How much may be added altogether, between the second quarter of a run and the last one.

Events are kept for a week, and the keys of uploads for an hour or a day; there are as many for each
study at the end as at the beginning."""


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
    used |= until(partial(_kept, system.redis.client, studies), "the records to be removed")
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
    for name in dict.fromkeys(name for sample in samples for name in sample.used):
        quantity = name.rpartition(": ")[2]
        before = median(sample.used.get(name, 0.0) for sample in early)
        after = median(sample.used.get(name, 0.0) for sample in late)
        allowed = ABSOLUTE[quantity]
        if after - before > allowed:
            found.append(
                f"{name} grew from {before:.4g} to {after:.4g} in {studies:.0f} studies, "
                f"more than by {allowed:g}"
            )
    return found


def _studies(samples: Sequence[Sample]) -> list[int]:
    return [sample.studies for sample in samples]


def _kept(redis: Any, studies: int) -> dict[str, float] | None:
    """What is in Redis: keys by their kind, which is what is before the first colon, and entries.

    None while there are records of studies that have been deleted: they are being removed.
    """
    if redis.zcard(f"status-index:{State.DELETED}"):
        return None
    names = list(redis.scan_iter())
    with redis.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.ttl(name).type(name).memory_usage(name)
        answers = pipeline.execute()
    used: defaultdict[str, float] = defaultdict(float)
    for name, ttl, kind, size in zip(
        names, answers[::3], answers[1::3], answers[2::3], strict=True
    ):
        group = name.partition(":")[0]
        if kind == "stream":
            used |= _entries_of(redis, name, studies)
        elif ttl == FOREVER:
            used[f"{group}: lasting keys"] += 1
            used["redis bytes"] += size or 0
        else:
            used[f"{group}: expiring keys per study"] += 1 / studies
    return dict(used)


def _entries_of(redis: Any, stream: str, studies: int) -> dict[str, float]:
    """How many entries a stream has, and how many of them its groups have not finished."""
    if stream == DEAD_LETTER:
        return {"dead letters": redis.xlen(stream)}
    groups = redis.xinfo_groups(stream)
    return {
        f"{stream}: entries per study": redis.xlen(stream) / studies,
        f"{stream}: unfinished entries": sum(
            group["pending"] + (group["lag"] or 0) for group in groups
        ),
    }


def _entries(pid: int, directory: str) -> int:
    with suppress(OSError):  # the process has just ended
        return len(list(Path("/proc", str(pid), directory).iterdir()))
    return 0
