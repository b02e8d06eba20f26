"""What a piece of work costs a server: time, CPU of all its processes, memory."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from benchmarks.accounting import PeakMemory, ProcessTree
from benchmarks.load import Sent

_SETTLING_SECONDS = 0.5
"""What a server does after it has answered belongs to the work as well."""


@dataclass(frozen=True)
class Cost:
    """What it cost.

    Attributes:
        seconds: from the first request until the work was done.
        cpu_seconds: of all processes together.
        resident_bytes: by which their resident memory grew, with the files that they map.
        memory_bytes: the same without files.
        by_part: the CPU seconds of each part of the server.
        latencies: of the single requests, sorted, in seconds.
    """

    seconds: float
    cpu_seconds: float
    resident_bytes: int = 0
    memory_bytes: int = 0
    by_part: dict[str, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        """The latency that so many of the requests did not exceed."""
        return self.latencies[
            min(int(len(self.latencies) * percent / 100), len(self.latencies) - 1)
        ]


def measured(
    tree: ProcessTree,
    work: Callable[[], Sent],
    done: Callable[[], object] = lambda: None,
    parts: Mapping[str, ProcessTree] = MappingProxyType({}),
) -> Cost:
    """Measure a piece of work.

    Args:
        tree: the processes of the server.
        work: the requests to send.
        done: waits until the work is done, if that is later than the last response.
        parts: the processes of its parts, by their names.
    """
    before = {name: part.cpu_seconds() for name, part in parts.items()}
    cpu_seconds = tree.cpu_seconds()
    with PeakMemory(tree) as memory:
        sent = work()
        done()
        seconds = time.perf_counter() - sent.started
        time.sleep(_SETTLING_SECONDS)
    cpu_seconds = tree.cpu_seconds() - cpu_seconds
    return Cost(
        seconds,
        cpu_seconds,
        *memory.growth,
        by_part={name: part.cpu_seconds() - before[name] for name, part in parts.items()},
        latencies=sent.latencies,
    )
