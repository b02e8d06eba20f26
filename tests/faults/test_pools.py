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
                _, *workers = trial.system.pool(trial.chance.choice(["validator", "descriptor"]))
                if workers:
                    _kill(trial.chance.choice(workers))
                lasting(0.3)
        trial.close()


@pytest.mark.parametrize("name", ["validator", "descriptor"])
def test_the_fork_server_is_killed(trial: Trial, name: str) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 3):
                fork_server, *_ = trial.system.pool(name)
                _kill(fork_server)
        trial.close()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(pid, signal.SIGKILL)
