"""Free ports for the servers that are measured."""

import random
import socket
from itertools import count

# Below the ports that the system hands out; where to begin is drawn by lot, for another run beside.
_next = count(random.SystemRandom().randrange(12_000, 19_000))


def free_ports(number: int) -> int:
    """The first of so many consecutive ports on which nothing listens."""
    while True:
        ports = [next(_next) for _ in range(number)]
        if all(_is_free(port) for port in ports):
            return ports[0]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
