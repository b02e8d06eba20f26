"""A file that cannot be examined is a finding, not an outage."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from chassis.messaging.errors import PermanentError
from chassis.observability.metrics import Metrics
from chassis.runtime.isolation import Cause, IsolationError, ShortOfMemoryError
from contracts.report import Outcome
from engine.profiles.profile import Profile
from engine.report import Report
from validator.examine_file import examine_file
from validator.isolated_examination import isolated_examiner


class Processes:
    """A pool that fails a number of times and then runs the function here."""

    def __init__(self, *failures: Cause) -> None:
        self.failures = list(failures)
        self.runs = 0

    async def run(self, function: Callable[..., Any], *args: object, **_options: object) -> Any:
        self.runs += 1
        if self.failures:
            raise IsolationError(self.failures.pop(0))
        return function(*args)


@pytest.fixture
def valid() -> Path:
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    return Path(path)


async def examine(processes: Any, path: Path) -> Report:
    [report] = await isolated_examiner(processes, Metrics("validator"), 2)([path], Profile())
    return report


async def test_a_file_that_is_killed_while_memory_is_short_is_not_rejected(valid: Path) -> None:
    """The study ends in `error`: with more memory it may be valid."""

    class Short:
        async def run(self, *_: object, **_options: object) -> Any:
            raise ShortOfMemoryError(Cause.SHORTAGE)

    with pytest.raises(PermanentError) as raised:
        await examine(Short(), valid)
    assert raised.value.code == "memory.short"


async def test_a_valid_file_is_examined_once(valid: Path) -> None:
    processes = Processes()
    report = await examine(processes, valid)
    assert (report.outcome, processes.runs) == (Outcome.ACCEPTED, 1)


@pytest.mark.parametrize("cause", [Cause.TIME, Cause.MEMORY])
async def test_a_file_that_exceeds_a_limit_is_unreadable(valid: Path, cause: Cause) -> None:
    processes = Processes(cause)
    report = await examine(processes, valid)
    [finding] = report.findings
    assert finding.code == "file.unreadable"
    assert finding.found == f"the examination exceeded the {cause} limit"
    assert (report.outcome, processes.runs) == (Outcome.REJECTED, 1)


async def test_a_file_that_crashes_its_process_is_unreadable(valid: Path) -> None:
    report = await examine(Processes(Cause.DEATH), valid)
    [finding] = report.findings
    assert finding.code == "file.unreadable"
    assert finding.found == "the process that examined it died"


async def test_when_a_batch_fails_each_of_its_files_is_examined_alone(valid: Path) -> None:
    processes = Processes(Cause.TIME, Cause.DEATH)
    pool: Any = processes
    run = isolated_examiner(pool, Metrics("validator"), 1)
    reports = await run([valid, valid, valid], Profile())
    outcomes = [report.outcome for report in reports]
    assert outcomes == [Outcome.REJECTED, Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert processes.runs == 4


async def test_what_takes_long_together_goes_on_alone(
    valid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validator.examine_file.LONG_SECONDS", 0)
    processes = Processes()
    pool: Any = processes
    run = isolated_examiner(pool, Metrics("validator"), 1)
    reports = await asyncio.gather(*(run([valid, valid], Profile()) for _ in "ab"))
    assert [len(of_upload) for of_upload in reports] == [2, 2]
    assert processes.runs == 1 + 3  # the first file in a call for all


async def test_files_of_small_uploads_are_examined_by_few_calls(valid: Path) -> None:
    processes = Processes()
    pool: Any = processes
    run = isolated_examiner(pool, Metrics("validator"), 2)
    other = Profile(name="other")
    uploads = [([valid], Profile()), ([valid, valid], Profile()), ([valid], other)]
    reports = await asyncio.gather(*(run(paths, profile) for paths, profile in uploads))
    assert [len(of_upload) for of_upload in reports] == [1, 2, 1]
    assert processes.runs == 3  # two files at a time, and each profile by itself


async def test_a_pool_that_does_not_run_fails_all_uploads(valid: Path) -> None:
    class Stopped(Processes):
        async def run(self, *_: object, **_options: object) -> Any:
            raise RuntimeError

    pool: Any = Stopped()
    run = isolated_examiner(pool, Metrics("validator"), 1)
    failures = await asyncio.gather(
        *(run([valid], Profile()) for _ in "ab"), return_exceptions=True
    )
    assert [type(failure) for failure in failures] == [RuntimeError] * 2


def test_an_error_in_the_engine_affects_one_file_only(
    valid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> Report:
        raise KeyError("Doe^Jane")

    monkeypatch.setattr("validator.examine_file.examine", mistaken)
    [finding] = examine_file(str(valid), Profile()).findings

    assert finding.code == "file.unreadable"
    assert "validator: KeyError at test_isolated_examination.py:" in (finding.found or "")
    assert "Doe" not in finding.model_dump_json()


def test_an_empty_file_is_examined_although_it_cannot_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    report = examine_file(str(tmp_path / "empty"), Profile())
    assert [finding.code for finding in report.findings] == ["file.empty"]
