"""How a process ended, and what that says about its task."""

import signal
from pathlib import Path

import pytest

from chassis.runtime.process_end import End, OutOfMemoryKills, end_of


@pytest.fixture
def counters(tmp_path: Path) -> Path:
    path = tmp_path / "vmstat"
    path.write_text("nr_free_pages 5\noom_kill 3\n")
    return path


@pytest.mark.parametrize(
    ("exit_code", "end"),
    [
        (-signal.SIGPROF, End.TIME),
        (100, End.MEMORY),
        (-signal.SIGSEGV, End.CRASH),
        (-signal.SIGABRT, End.CRASH),
        (0, End.CRASH),
        (1, End.CRASH),
        (-signal.SIGBUS, End.UNCLEAR),
        (None, End.UNCLEAR),
        (-signal.SIGKILL, End.KILLED),
        (-signal.SIGTERM, End.KILLED),
    ],
)
def test_an_end_is_known_by_its_exit_code(counters: Path, exit_code: int | None, end: End) -> None:
    assert end_of(exit_code, OutOfMemoryKills(counters)) is end


def test_a_kill_is_for_memory_once_after_memory_ran_out(counters: Path) -> None:
    kills = OutOfMemoryKills(counters)
    counters.write_text("nr_free_pages 0\noom_kill 4\n")
    ends = [end_of(-signal.SIGKILL, kills) for _ in range(2)]
    assert ends == [End.SHORTAGE, End.KILLED]


@pytest.mark.parametrize("text", [None, "nr_free_pages 5\n"])
def test_a_kill_is_for_memory_where_the_kernel_does_not_count(
    counters: Path, text: str | None
) -> None:
    counters.unlink() if text is None else counters.write_text(text)
    assert end_of(-signal.SIGKILL, OutOfMemoryKills(counters)) is End.SHORTAGE


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_large_process_that_is_killed_may_have_been_killed_for_its_memory(
    counters: Path, number: signal.Signals
) -> None:
    """`earlyoom` sends SIGTERM first."""
    assert end_of(-number, OutOfMemoryKills(counters), was_large=True) is End.SHORTAGE
