"""Counts the fsyncs of every Python process that finds this directory in PYTHONPATH.

Each appends a byte to the file that the environment variable COUNT_FSYNCS_IN names. Python imports
this module at its start, before anything else.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

_tally = os.open(os.environ["COUNT_FSYNCS_IN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _counted(call: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(call)
    def counted(descriptor: Any) -> None:  # noqa: ANN401 -- a number, or an object that has one
        os.write(_tally, b".")
        call(descriptor)

    return counted


# They take the place of built-in functions, whose types mypy knows.
os.fsync = _counted(os.fsync)  # type: ignore[assignment]
os.fdatasync = _counted(os.fdatasync)  # type: ignore[assignment]
