"""The steps of the work on a study, such as `examine`: how long each takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _unobserved(_step: str, _seconds: float) -> None:
    """Forget the duration of a step."""


class Steps:
    """Measures steps.

    Args:
        observe: takes the name of a step that is done, and its duration in seconds.
    """

    def __init__(self, observe: Callable[[str, float], None] = _unobserved) -> None:
        self._observe = observe

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done in the context; a step that fails is not counted."""
        started = time.perf_counter()
        yield
        self._observe(name, time.perf_counter() - started)
