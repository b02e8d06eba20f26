"""Mutes libraries that read a file: their warnings and log messages quote its values."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def muted() -> Iterator[None]:
    """Let no warning and no log message of any library out, in any thread of the process."""
    with _without_logs(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _without_logs() -> Iterator[None]:
    disabled = logging.root.manager.disable
    # In processes that read files, logs are off anyway: to say so again empties all their caches.
    if disabled >= logging.CRITICAL:
        yield
        return
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
