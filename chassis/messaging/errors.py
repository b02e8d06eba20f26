"""What an error says about a message: a verdict, a fault of its environment, or a failure."""

import re

from redis.exceptions import DataError, NoScriptError, RedisError, ResponseError

from storage.port import ChecksumMismatchError

_OF_THE_STUDY = (
    FileNotFoundError,
    FileExistsError,
    NotADirectoryError,
    IsADirectoryError,
    ChecksumMismatchError,
)
"""The operating system's errors that say something about the files of one study."""
_OF_THE_COMMAND = (DataError, NoScriptError)
_SERVER_STATES = re.compile(
    r"\b(MISCONF|BUSY|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|TRYAGAIN|UNBLOCKED)\b"
)
"""Codes of errors about Redis' own state for which redis-py has no class."""


class PermanentError(Exception):
    """An error that trying again cannot fix: the message is dead-lettered at once.

    Attributes:
        code: stable name of the reason, such as ``study.missing``.
        message: one sentence for people, without values of the study.
    """

    def __init__(self, code: str, message: str) -> None:
        # Both as arguments of Exception, so that the error survives pickling between processes.
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def short_of_memory() -> PermanentError:
    """What becomes of a study while this machine has not enough memory to read a file of it."""
    text = "A process that read a file of it was killed again and again while memory was short."
    return PermanentError("memory.short", text)


class EnvironmentFault(Exception):
    """Something outside of the message has failed, such as a process that someone has killed."""


def is_of_environment(error: BaseException) -> bool:
    """Whether an error says nothing about the message: the disk, Redis or a peer has failed.

    Such a fault is waited out, however long it lasts. This is the one place that decides so.
    """
    if isinstance(error, RedisError):
        if type(error) is ResponseError:  # a command that Redis refuses, for whatever reason
            return bool(_SERVER_STATES.search(str(error)))
        return not isinstance(error, _OF_THE_COMMAND)
    if isinstance(error, OSError):  # TimeoutError and ConnectionError among them
        return not isinstance(error, _OF_THE_STUDY)
    return isinstance(error, EnvironmentFault)
