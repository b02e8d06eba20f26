"""Options of the fault tests, which of them run, and their numbers at the end of the run."""

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

STUDIES_IN_SHORT = 12
"""How many uploads a trial has when fault tests are only a part of all tests."""
TIMEOUT_SECONDS = 2400
DIRECTORY = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fault tests")
    group.addoption("--studies", type=int, help="run all fault tests, each with so many uploads")
    group.addoption("--seed", type=int, help="the seed of the first round; random if not given")
    group.addoption("--rounds", type=int, default=1, help="how often, each time with another seed")
    group.addoption("--minutes", type=float, help="run the soak test for so long")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "short: a fault test that is also a part of all tests")
    config.addinivalue_line("markers", "soak: a test that runs for as long as is asked for")
    if config.option.seed is None:
        # All processes of pytest-xdist must draw the same.
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)
        config.option.seed = int(run[:6], 16)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        options = metafunc.config.option
        seeds = range(options.seed, options.seed + options.rounds)
        metafunc.parametrize("seed", seeds, ids=lambda seed: f"seed {seed}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a number of studies only the short selection runs, without minutes no soak test."""
    options = config.option
    left_out = []
    for item in [item for item in items if item.path.parent == DIRECTORY]:
        item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS + 60 * (options.minutes or 0)))
        is_soak = item.get_closest_marker("soak") is not None
        is_short = item.get_closest_marker("short") is not None
        if not (options.minutes if is_soak else options.studies or is_short):
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports: Sequence[pytest.TestReport] = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    ]
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {value}"
        for report in reports
        for name, value in report.user_properties
        if name == "faults"
    ]
    if lines:
        terminalreporter.section("fault tests")
        for line in lines:
            terminalreporter.line(line)
