"""What tests of process pools have done by processes: each function is one kind of misbehaviour."""

import os
import signal
import time
from pathlib import Path


def wait_to_be_killed(pids: str, marker: str) -> str:
    """Write the process id to a FIFO and wait for ever; return at once if the marker exists."""
    if Path(marker).exists():
        return "done"
    with Path(pids).open("w") as fifo:
        fifo.write(f"{os.getpid()}\n")
    while True:
        signal.pause()


def stop_the_first_time(marker: str) -> str:
    """Stop the process by SIGSTOP; return at once if the marker exists, which is then made."""
    if not Path(marker).exists():
        Path(marker).touch()
        signal.raise_signal(signal.SIGSTOP)
    return "done"


def crash_the_first_time(marker: str) -> str:
    """End the process; return at once if the marker exists, which is then made."""
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(1)
    return "done"


def use_cpu(seconds: float) -> float:
    """Compute for so long; returns the CPU time that it took."""
    start = time.process_time()
    while (used := time.process_time() - start) < seconds:
        pass
    return used


def be_killed_with_memory(megabytes: int, seconds: float) -> None:
    """Use so much memory, and for so long CPU time, and end like a process that is killed."""
    kept = bytes(range(256)) * (megabytes * 4096)
    use_cpu(seconds)
    assert kept
    os.kill(os.getpid(), signal.SIGKILL)
