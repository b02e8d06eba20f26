"""What is measured is said rightly: CPU, memory, spread, bars and plots."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.accounting import ProcessTree
from benchmarks.costs import COMMANDS, FSYNCS, LINES, MESSAGES, READ, ROUND_TRIPS, SCRIPTED, WRITTEN
from benchmarks.costs import environment as counting
from benchmarks.costs import results as counted
from benchmarks.measure import Cost
from benchmarks.plots import write
from benchmarks.result import Result, spread
from benchmarks.services import BARS, WORK, results

BURN = """
import os, time
if os.fork() == 0:
    while time.process_time() < 0.3: pass
else:
    os.wait()
    print(flush=True)
    input()
"""


def cost(seconds: float, cpu_seconds: float) -> Cost:
    return Cost(
        seconds, cpu_seconds, 2_000_000, 1_000_000, {"gateway": 0.1}, [seconds / 2, seconds]
    )


def test_the_cpu_time_of_children_that_have_ended_counts() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        tree = ProcessTree(process.pid)
        assert tree.pids() == [process.pid]
        assert tree.cpu_seconds() >= 0.28
        resident_bytes, unbacked_bytes = tree.memory()
        assert resident_bytes > unbacked_bytes > 1_000_000
        process.communicate(b"\n")
    assert tree.pids() == []
    assert tree.cpu_seconds() == 0


def test_we_and_our_children_are_a_tree() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert {os.getpid(), process.pid} <= set(ProcessTree(os.getpid()).pids())
        process.communicate(b"")


def test_fsyncs_of_processes_are_counted(tmp_path: Path) -> None:
    tally, file = tmp_path / "tally", tmp_path / "file"
    program = "import os, sys; fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)\n"
    program += "os.fsync(fd); os.fdatasync(fd); os.fsync(fd)"
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", program, file], env=os.environ | counting(tally), check=True
        )
    assert tally.stat().st_size == 6


@pytest.mark.parametrize(
    ("value", "more_is_better", "holds"),
    [(1.0, True, True), (0.9, True, False), (1.0, False, True), (1.1, False, False)],
)
def test_a_bar_is_a_floor_or_a_ceiling(value: float, more_is_better: bool, holds: bool) -> None:
    assert Result("what", value, 1, "times", more_is_better=more_is_better).holds is holds


def test_a_row_has_its_median_its_spread_and_its_bar() -> None:
    row = str(spread("what", [3, 1, 2], 1.5, "times", more_is_better=True))
    assert row.split() == ["what", "2.000", "times", "1", "to", "3", ">=", "1.5", "holds"]


def test_ratios_are_those_of_each_round() -> None:
    ours = [cost(1, 2), cost(10, 20)]
    peers = [cost(2, 1), cost(20, 10)]
    found = list(results(dict.fromkeys(WORK, ours) | {"Orthanc uploads": peers}))
    alone = next(result for result in found if "Orthanc alone" in result.what)
    assert (alone.low, alone.value, alone.high) == (2, 2, 2)
    assert found[found.index(alone) + 1].value == 2
    p99 = next(result for result in found if "p99" in result.what)
    assert (p99.value, p99.bar, p99.holds) == (0.5, 1, True)
    # What needs the other peer is left out.
    assert not any(result.what.startswith("uploads of one slice: ") for result in found)


def test_each_work_has_a_bar_and_can_be_measured_alone() -> None:
    assert {bar.ours for bar in BARS} == set(WORK)
    [faster, cpu] = results({"zip": [cost(1, 2)], "Orthanc zip": [cost(2, 1)]})
    assert (faster.value, faster.holds, cpu.value) == (2, True, 2)


def test_the_commands_are_below_their_sum_the_most_frequent_first() -> None:
    names = (COMMANDS, SCRIPTED, ROUND_TRIPS, MESSAGES, FSYNCS, LINES, WRITTEN, READ)
    counts = dict.fromkeys(names, 9.0) | {"GET": 2.0, "SET": 6.95, "PING": 0.05}
    texts = [result.what for result in counted(counts, 8)]
    assert texts == [COMMANDS, "  SET", "  GET", *names[1:]]
    assert [result.holds for result in counted(counts, 8)].count(False) == 1


def test_a_plot_has_a_bar_for_each_row_and_a_line_for_each_bar_to_reach(tmp_path: Path) -> None:
    write(
        tmp_path,
        [
            spread("a < b: times as fast", [1, 2, 3], 1.5, "times", more_is_better=True),
            Result("c: times as fast", 4, None, "times"),
            Result("something else", 1, None, "ms"),
        ],
    )
    assert [file.name for file in tmp_path.iterdir()] == ["speed.svg"]
    text = (tmp_path / "speed.svg").read_text()
    elements = ET.fromstring(text).iter()  # noqa: S314 -- our own
    tags = [element.tag.partition("}")[2] for element in elements]
    assert tags.count("rect") == 1 + 2  # the ground
    assert tags.count("line") == 1 + 1  # a spread, a bar to reach
    assert "a &lt; b" in text
