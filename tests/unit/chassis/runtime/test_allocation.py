"""Memory that was freed is there for the next use."""

import ctypes
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from chassis.runtime.allocation import keep_freed_memory
if sys.argv[1]:
    keep_freed_memory(int(sys.argv[1]))
def use():
    blocks = [bytearray(b"x") * 500_000 for _ in range(4)]
    return len(blocks)
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(kept_bytes: str) -> int:
    """How often the system has to give a page to a process that uses the same memory again."""
    command = [sys.executable, "-c", FAULTS, kept_bytes]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="no glibc")
def test_freed_memory_is_used_again_without_the_system() -> None:
    assert faults("16000000") < 1000 < faults("")
