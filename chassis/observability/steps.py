"""The steps of the work on a study, such as `examine`: how long each takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chassis.observability.tracing import NO_TRACING, Tracing


def _unobserved(_step: str, _seconds: float) -> None:
    """Forget the duration of a step."""


class Steps:
    """Measures steps.

    Args:
        observe: takes the name of a step that is done, and its duration in seconds.
        tracing: makes a span of each step.
    """

    def __init__(
        self,
        observe: Callable[[str, float], None] = _unobserved,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._observe = observe
        self._tracing = tracing

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done in the context; a step that fails is not counted."""
        started = time.perf_counter()
        with self._tracing.span(name):
            yield
        self._observe(name, time.perf_counter() - started)
