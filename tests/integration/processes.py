"""The processes that `hdv up` starts, seen from outside, and ports for them."""

import random
import socket
from pathlib import Path


def processes_of(run: Path) -> dict[int, list[str]]:
    """The command line of every process that `hdv up` started with this run directory, by id.

    They are told by their environment, which their own children inherit as well.
    """
    marker = b"HDV_RUN=%s\0" % bytes(run)
    found = {}
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker in file.read_bytes():
                command = file.with_name("cmdline").read_bytes().decode().split("\0")[:-1]
                found[int(file.parent.name)] = command
        except OSError:
            continue  # it has just ended
    return found


def free_ports(count: int) -> int:
    """The first of so many consecutive free ports."""
    while True:
        # Below what the system hands out for outgoing connections.
        first = random.randrange(20_000, 32_000)  # noqa: S311 -- not a secret
        if all(_is_free(port) for port in range(first, first + count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
