"""Processes are killed faster than they can be missed, those in which files are read above all."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from faults.system import ONE_OF_EACH, System, lasting
from faults.trial import Trial


def test_examining_processes_are_killed_three_times_a_second(trial: Trial) -> None:
    _killing(trial, System.workers, ["validator", "descriptor"])


def test_processes_of_all_kinds_are_killed_three_times_a_second(trial: Trial) -> None:
    _killing(trial, System.pids, ONE_OF_EACH)


def _killing(
    trial: Trial, processes: Callable[[System, str], list[int]], names: Sequence[str]
) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 40):
                if pids := processes(trial.system, trial.chance.choice(names)):
                    _kill(trial.chance.choice(pids))
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
