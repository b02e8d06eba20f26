"""What can happen to a delivered message, as logs and metrics call it."""

from enum import StrEnum


class Outcome(StrEnum):
    """What happened to a delivered message."""

    DONE = "done"
    """Handled and acknowledged."""
    WAIT = "wait"
    """Left pending, and not counted as a failure: its environment has failed, not the message."""
    RETRY = "retry"
    """Left pending: it failed, and is tried again a little later."""
    DEAD_LETTER = "dead_letter"
    """Moved to the dead letters."""
    LOST_CLAIM = "lost_claim"
    """Left alone: another consumer works on it or has finished it."""
