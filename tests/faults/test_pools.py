"""The processes in which files are examined and described are killed."""

import os
import signal
from contextlib import suppress

import pytest

from faults.system import lasting
from faults.trial import Trial


def test_examining_processes_are_killed_three_times_a_second(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 40):
                name = trial.chance.choice(["validator", "descriptor"])
                if workers := trial.system.workers(name):
                    _kill(trial.chance.choice(workers))
                lasting(0.3)
        trial.close()


@pytest.mark.parametrize("name", ["validator", "descriptor"])
def test_the_fork_server_is_killed_with_its_processes(trial: Trial, name: str) -> None:
    """The fork server alone would not be missed before a process has to be replaced."""
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 3):
                for pid in [*trial.system.fork_servers(name), *trial.system.workers(name)]:
                    _kill(pid)
        trial.close()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(pid, signal.SIGKILL)
