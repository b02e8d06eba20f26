"""The processes that examine files: one that dies does not affect the others."""

import faulthandler
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.runtime.confinement import Cause
from hdv.validation.processes import Processes, Work
from kit.tasks import use_cpu

Task = tuple[str, float]
MEMORY_BYTES = 1 << 30


def do(task: Task) -> str:
    """What the tests ask of a process: a name, and what to do before it is said."""
    name, value = task
    match name:
        case "compute":
            use_cpu(value)
        case "exit" | "kill" | "die later":
            die(name, value)
        case "allocate":
            bytearray(int(value))
        case "raise":
            raise ValueError(value)
        case "print":
            os.write(1, b"printed")
            os.write(2, b"printed")
        case "pid":
            return str(os.getpid())
        case "once":
            # Dies the first time only, as if for another's fault.
            marker = Path(os.environ["HDV_TEST_MARKER"])
            if not marker.exists():
                marker.touch()
                os._exit(1)
    return f"{name} {value:g}"


def die(how: str, value: float) -> None:
    """End this process: by an exit code, by a signal, or in so many seconds."""
    if how == "exit":
        os._exit(int(value))
    faulthandler.disable()  # pytest's, which would tell of it
    if how == "kill":
        os.kill(os.getpid(), int(value))
    signal.setitimer(signal.ITIMER_REAL, value)


def killed(task: Task, cause: Cause) -> str:
    return f"{task[0]} {task[1]:g} {cause}"


def processes(most: int = 2, seconds: float = 30) -> Processes[Task, str]:
    return Processes(Work(do, killed, seconds, MEMORY_BYTES), most)


def results(*tasks: Task, most: int = 2, seconds: float = 30, ordered: bool = True) -> list[str]:
    return list(processes(most, seconds).results(iter(tasks), ordered=ordered))


def children() -> set[int]:
    """The processes that this one has started and that still run."""
    found = set()
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal():
            try:
                status = (directory / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(status[1]) == os.getpid() and status[0] != "Z":
                found.add(int(directory.name))
    return found


def test_results_come_in_the_order_of_the_tasks() -> None:
    tasks = [("compute", 0.1), *(("n", float(number)) for number in range(50))]
    assert results(*tasks) == ["compute 0.1", *(f"n {number}" for number in range(50))]


def test_unordered_results_come_as_soon_as_they_are_ready() -> None:
    assert results(("compute", 0.5), ("n", 1), ordered=False) == ["n 1", "compute 0.5"]


def test_there_may_be_more_tasks_than_the_window() -> None:
    assert len(results(*[("n", 1.0)] * 2000)) == 2000
    assert len(results(*[("n", 1.0)] * 2000, ordered=False)) == 2000


def test_tasks_are_not_read_far_ahead_of_the_first_unfinished_one() -> None:
    taken = 0

    def endless() -> Iterator[Task]:
        nonlocal taken
        yield ("compute", 0.3)
        while True:
            taken += 1
            yield ("n", 1)

    running = processes().results(endless(), ordered=True)
    assert next(running) == "compute 0.3"
    running.close()
    assert taken <= 512


def test_no_tasks_start_no_process() -> None:
    before = children()
    assert results() == []
    assert children() == before


def test_no_more_processes_are_started_than_there_are_tasks() -> None:
    assert len(set(results(("pid", 0), most=8))) == 1
    assert 1 <= len(set(results(*[("pid", 0.0)] * 20, most=2))) <= 2


def test_all_processes_are_gone_at_the_end_and_when_the_iterator_is_closed() -> None:
    before = children()
    results(*[("n", 1.0)] * 10)
    assert children() == before
    running = processes().results(iter([("n", 1.0), ("compute", 600.0)]), ordered=True)
    assert next(running) == "n 1"
    assert children() > before
    running.close()
    assert children() == before


@pytest.mark.parametrize(
    ("task", "cause"),
    [
        (("exit", 0), Cause.DEATH),
        (("exit", 3), Cause.DEATH),
        (("kill", signal.SIGKILL), Cause.DEATH),
        (("kill", signal.SIGSEGV), Cause.DEATH),
        (("raise", 1), Cause.DEATH),
        (("allocate", 2 * MEMORY_BYTES), Cause.MEMORY),
        (("compute", 600), Cause.TIME),
    ],
)
def test_a_task_that_kills_its_process_is_reported_and_the_others_are_done(
    task: Task, cause: Cause
) -> None:
    others = [("n", float(number)) for number in range(12)]
    said = results(*others[:3], task, *others[3:], seconds=0.4)
    expected = [f"n {number}" for number in range(12)]
    expected.insert(3, killed(task, cause))
    assert said == expected


def test_a_process_that_is_killed_once_loses_no_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HDV_TEST_MARKER", str(tmp_path / "marker"))
    assert results(("once", 1), ("n", 1)) == ["once 1", "n 1"]


def test_a_process_may_die_while_it_has_nothing_to_do() -> None:
    assert results(("compute", 0.5), ("die later", 0.05)) == ["compute 0.5", "die later 0.05"]


def test_the_time_limit_holds_for_each_task() -> None:
    assert results(*[("compute", 0.2)] * 5, most=1, seconds=0.6) == ["compute 0.2"] * 5


def test_output_of_libraries_is_discarded(capfd: pytest.CaptureFixture[str]) -> None:
    assert results(("print", 1)) == ["print 1"]
    assert capfd.readouterr() == ("", "")


def test_the_limits_do_not_hold_for_the_parent() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    results(("n", 1))
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
