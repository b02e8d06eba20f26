"""What must hold before anything is started: the data directory is ours, the ports are free."""

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"


class CannotStart(Exception):
    """Something is missing or in the way; the text is the one line to show."""


def claim(directory: Path) -> IO[str]:
    """Make the data directory and lock it for this process.

    Returns:
        The lock; it lasts as long as this file, or a copy of its descriptor, is open.

    Raises:
        CannotStart: it cannot be written, or another process works on it.
    """
    try:
        # What lies below may be about patients.
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (directory / "lock").open("a+")
    except OSError as error:
        raise CannotStart(
            f"cannot write to the data directory {directory}: {error.strerror}; "
            "choose another with --data"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise CannotStart(
            f"another `hdv up` (process {owner}) runs on {directory}: "
            "stop it first, or choose another directory with --data"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def make_directories(*directories: Path) -> None:
    """Make directories that can be written.

    Raises:
        CannotStart: one cannot.
    """
    for directory in directories:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart(f"cannot make the directory {directory}: {error.strerror}") from None
        if not os.access(directory, os.W_OK | os.X_OK):
            raise CannotStart(f"cannot write to the directory {directory}")


def require_free_port(host: str, port: int, purpose: str, *, option: str) -> None:
    """Make sure that a port can be listened on.

    Args:
        host: the address to listen on.
        port: the port.
        purpose: what it is for.
        option: the command-line option that changes it.

    Raises:
        CannotStart: it cannot.
    """
    if trouble := _trouble_with_port(host, port):
        raise CannotStart(
            f"{purpose} cannot listen on {host}:{port} ({trouble}): change it with {option}"
        )


def free_port(preferred: int) -> int:
    """The preferred port on the loopback address, or any free one when it is taken."""
    if not _trouble_with_port(LOOPBACK, preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _trouble_with_port(host: str, port: int) -> str | None:
    """Why the port cannot be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the services do: a port whose last connection still lingers counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None
