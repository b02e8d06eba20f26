"""What the process of a worker does; the fork server imports this module and no asyncio."""

import gc
import os
import pickle
import signal
import struct
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, BinaryIO, NoReturn

from chassis.runtime.confinement import OUT_OF_MEMORY, confine, limit_time

LENGTH = struct.Struct("!Q")
"""What comes before every answer."""

NICENESS = 5
"""How far these processes give way to others: who sends or asks is answered first, and files are
examined with the CPU time that is left."""


def serve(line: Connection, seconds: float, memory_bytes: int) -> NoReturn:
    """Do tasks until the parent is gone.

    Args:
        line: to the parent, for its descriptor only: tasks and answers have no frames of
            `multiprocessing`, which the parent could not read without blocking.
        seconds: the CPU time that a task may use.
        memory_bytes: what this process may allocate; mapped files do not count.
    """
    try:
        # Ctrl-C and systemd signal all processes; this one ends when its service lets it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        os.nice(NICENESS)
        confine(memory_bytes)
        gc.freeze()
        tasks = os.fdopen(line.fileno(), "rb", closefd=False)
        answers = os.fdopen(line.fileno(), "wb", closefd=False)
        _send(answers, b"")
        while True:
            function, args = pickle.load(tasks)  # noqa: S301 -- of our own process
            limit_time(seconds)
            answer = _answer(function, args)
            limit_time(0)
            _send(answers, answer)
    except (EOFError, ConnectionError):
        os._exit(0)
    finally:
        os._exit(1)


def _answer(function: Callable[..., Any], args: tuple[object, ...]) -> bytes:
    """Do a task; returns the pickled result, or what was raised.

    Running out of memory ends the process: what is left of the task would cramp the next.
    """
    try:
        try:
            outcome = True, function(*args)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 -- raised in the service
            outcome = False, error
        return pickle.dumps(outcome)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _send(answers: BinaryIO, answer: bytes) -> None:
    answers.write(LENGTH.pack(len(answer)) + answer)
    answers.flush()
