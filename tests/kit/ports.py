"""Free ports for servers that tests start."""

import itertools
import os
import random
import socket

_FIRST, _LAST = 20_000, 32_000
"""Below the ports that the system hands out for outgoing connections."""
_WORKERS = 8
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_SHARE = (_LAST - _FIRST) // _WORKERS
# Where to begin is drawn by lot, for another run of the tests on this machine.
_next = itertools.count(random.SystemRandom().randrange(_SHARE))


def free_ports(count: int) -> int:
    """The first of so many consecutive free ports.

    Each worker of pytest-xdist has a range of its own, and no port is given twice before all have
    been: tests may run side by side.
    """
    while True:
        numbers = [next(_next) % _SHARE for _ in range(count)]
        first = _FIRST + _WORKER * _SHARE + numbers[0]
        if numbers[-1] == numbers[0] + count - 1 and all(
            _is_free(port) for port in range(first, first + count)
        ):
            return first


def free_port() -> int:
    """A free port."""
    return free_ports(1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
