"""The limits of a process that reads untrusted files."""

import logging
import resource
import warnings
from enum import StrEnum


class Cause(StrEnum):
    """Why isolated work was not completed."""

    TIME = "time"
    MEMORY = "memory"
    DEATH = "death"


def confine(memory_bytes: int) -> None:
    """Set the limits of this process, and silence everything that might print values of files.

    Args:
        memory_bytes: what it may allocate; mapped files do not count.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
