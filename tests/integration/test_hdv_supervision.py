"""Supervision of simple programs: they are restarted, and none is left behind."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hdv.up.preflight import lock_directory
from hdv.up.stop_signals import StopSignals
from hdv.up.supervision import Supervision
from hdv.up.supervisor_config import Process
from kit.pipeline import until
from kit.processes import processes_of

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def supervision(tmp_path: Path) -> Iterator[Supervision]:
    base = [Process("redis", SLEEP, directory=tmp_path)]
    services = [Process("gateway", SLEEP), Process("validator-1", SLEEP)]
    with (
        lock_directory(tmp_path) as lock,
        Supervision(tmp_path, base=base, services=services, lock=lock) as running,
    ):
        until(lambda: len(sleepers(tmp_path)) == 3, "three processes")
        yield running
    assert not processes_of(tmp_path)


def sleepers(run: Path) -> set[int]:
    return {pid for pid, command in processes_of(run).items() if command == SLEEP}


def test_a_killed_process_comes_back(supervision: Supervision, tmp_path: Path) -> None:
    victim, *_ = before = sleepers(tmp_path)
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(sleepers(tmp_path) - {victim}) == 3, "a new process")
    assert len(sleepers(tmp_path) & before) == 2
    assert supervision.failure() is None


def test_the_end_of_supervisord_ends_everything_and_is_reported(
    supervision: Supervision, tmp_path: Path
) -> None:
    [supervisord] = processes_of(tmp_path).keys() - sleepers(tmp_path)
    os.kill(supervisord, signal.SIGKILL)
    assert until(supervision.failure, "a failure") == "supervisord has ended (exit code -9)"
    until(lambda: not sleepers(tmp_path), "the end of all")


def test_a_program_that_cannot_run_is_named(tmp_path: Path) -> None:
    broken = Process("validator-1", [sys.executable, "-c", "raise SystemExit(3)"])
    with (
        lock_directory(tmp_path) as lock,
        Supervision(tmp_path, base=[], services=[broken], lock=lock) as running,
    ):
        failure = until(running.failure, "a failure")
    assert failure == "validator-1 ends as soon as it is started"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_is_recorded_and_interrupts_nothing(number: signal.Signals) -> None:
    with handled_by(number, signal.SIG_DFL), StopSignals() as stop:
        assert not stop.wait(0)
        os.kill(os.getpid(), number)
        assert stop.wait(5)
        assert stop.wait(0)


def test_an_ignored_signal_stays_ignored() -> None:
    with handled_by(signal.SIGHUP, signal.SIG_IGN), StopSignals() as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not stop.wait(0.05)


@contextlib.contextmanager
def handled_by(number: signal.Signals, handler: signal.Handlers) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
