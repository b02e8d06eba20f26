"""Checks before anything is started: the data directory is not in use, the ports are free."""

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from hdv.exit import CommandError

LOOPBACK = "127.0.0.1"


def lock_directory(directory: Path) -> IO[str]:
    """Make the data directory and lock it for this process.

    Returns:
        The lock file; the lock lasts as long as it, or a copy of its descriptor, is open.

    Raises:
        CommandError: the directory cannot be written, or another process uses it.
    """
    try:
        # It will contain patient data.
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (directory / "lock").open("a+")
    except OSError as error:
        raise CommandError(
            f"cannot write to the data directory {directory}: {error.strerror}; "
            "choose another with --data"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise CommandError(
            f"another `hdv up` (process {owner}) runs on {directory}: "
            "stop it first, or choose another directory with --data"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def make_directories(*directories: Path) -> None:
    """Make directories, and make sure that they can be written.

    Raises:
        CommandError: one cannot be made or written.
    """
    for directory in directories:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"cannot make the directory {directory}: {error.strerror}") from None
        if not os.access(directory, os.W_OK | os.X_OK):
            raise CommandError(f"cannot write to the directory {directory}")


def require_free_port(host: str, port: int, purpose: str, *, option: str) -> None:
    """Make sure that a service can listen on a port.

    Args:
        host: the address to listen on.
        port: the port.
        purpose: the service that listens on it.
        option: the command-line option that changes the port.

    Raises:
        CommandError: the port is taken, or the address is not one of this machine.
    """
    if error := _port_error(host, port):
        raise CommandError(
            f"{purpose} cannot listen on {host}:{port} ({error}): change it with {option}"
        )


def free_port(preferred: int) -> int:
    """The preferred port on the loopback address, or any free one when it is taken."""
    if not _port_error(LOOPBACK, preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _port_error(host: str, port: int) -> str | None:
    """Why a service cannot listen on the port; None if it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the services do: a port whose last connection is in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None
