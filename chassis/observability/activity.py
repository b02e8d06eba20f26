"""Counts and durations since the last line in the log."""

from collections import deque
from collections.abc import Sequence


class Activity:
    """Counts and durations since the last line in the log."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._durations: deque[float] = deque(maxlen=10_000)
        self._count = 0
        self._errors = 0

    def record(self, seconds: float, *, ok: bool) -> None:
        """Count one unit of work and how long it took."""
        self._durations.append(seconds)
        self._count += 1
        self._errors += not ok

    def take(self) -> dict[str, float | int | None]:
        """The figures so far, durations in milliseconds; starts again."""
        durations = sorted(self._durations)
        line: dict[str, float | int | None] = {
            "count": self._count,
            "errors": self._errors,
            "error_rate": round(self._errors / self._count, 4) if self._count else 0.0,
            "p50_ms": _percentile_ms(durations, 0.50),
            "p95_ms": _percentile_ms(durations, 0.95),
        }
        self._begin()
        return line


def _percentile_ms(ordered: Sequence[float], fraction: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] * 1000, 2)
