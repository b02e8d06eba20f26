"""Times tasks side by side: all once in each round, so that a busy machine slows all alike."""

import time
from collections.abc import Callable, Mapping
from statistics import median


def interleaved(tasks: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """The median time of each task, in seconds.

    Args:
        tasks: by name; each runs once before the clock starts.
        rounds: how often.
    """
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - started)
    return {name: median(times) for name, times in seconds.items()}
