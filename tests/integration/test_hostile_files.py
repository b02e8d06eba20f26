"""Files that are made to cost much go through all services, which stay small."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from benchmarks import hostile_files
from benchmarks.accounting import PeakMemory, ProcessTree
from kit.pipeline import ALL, Pipeline, started, until
from kit.studies import ct_slices

pytestmark = pytest.mark.timeout(600)

MOST_GROWTH = 500_000_000
"""Bytes by which a service may grow, with the processes that read files for it."""

FILES = 100
BOMBS = 3
"""Some seconds of CPU time each."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with started(tmp_path_factory.mktemp("hostile")) as (pipeline, _):
        yield pipeline


@contextlib.contextmanager
def staying_small(services: Pipeline) -> Iterator[None]:
    """No service grows by more than it may while the context lasts."""
    with contextlib.ExitStack() as stack:
        peaks = {
            name: stack.enter_context(PeakMemory(ProcessTree(services.processes[name].pid)))
            for name in ALL
        }
        yield
    growth = {name: peak.growth[1] for name, peak in peaks.items()}
    assert max(growth.values()) < MOST_GROWTH, growth


def zipped(path: Path, files: Iterator[bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(files):
            archive.writestr(f"IM{number:04d}", content)
    return path


def upload(services: Pipeline, path: Path) -> str:
    with path.open("rb") as file:
        answer = services.http.post("/upload", files={"file": (path.name, file)})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["study_id"])


def test_many_findings_are_counted(services: Pipeline, tmp_path: Path) -> None:
    path = zipped(tmp_path / "findings.zip", map(hostile_files.findings_bomb, range(FILES)))
    with staying_small(services):
        study_id = upload(services, path)
        services.wait_for(study_id, "archived", seconds=500)
        answers = [
            httpx2.get(f"{services.url}/studies/{study_id}/report", headers=accepting, timeout=60)
            for accepting in ({}, {"Accept": "text/csv"})
        ]
    report = answers[0].json()
    assert len(answers[0].content) < 12_000_000
    assert len(report["files"]) == FILES
    assert {file["outcome"] for file in report["files"]} == {"accepted"}
    listed = sum(len(file.get("findings", ())) for file in report["files"])
    left_out = sum(file.get("left_out", 0) for file in report["files"])
    assert listed + left_out > FILES * 700
    assert sum(entry["count"] for entry in report["not_listed"]) > 0
    assert "further findings are not listed" in answers[1].text
    services.http.delete(f"/studies/{study_id}")


def test_long_descriptions_are_cut_and_do_not_wait_in_memory(
    services: Pipeline, tmp_path: Path
) -> None:
    files = map(hostile_files.description_bomb, range(BOMBS))
    path = zipped(tmp_path / "descriptions.zip", files)
    with staying_small(services):
        study_id = upload(services, path)
        services.wait_for(study_id, "archived", seconds=500)
        with services.http.stream("GET", f"/studies/{study_id}/metadata") as answer:
            size_bytes = sum(map(len, answer.iter_bytes()))
    assert 10_000 < size_bytes < BOMBS * 33_000_000
    metadata = services.archive / study_id / "metadata.json"
    assert metadata.read_bytes().count(b'"incomplete": "json-size"') == BOMBS
    services.http.delete(f"/studies/{study_id}")


EXPENSIVE = 6


def test_files_that_cost_much_do_not_hold_up_others(services: Pipeline, tmp_path: Path) -> None:
    """Several at once, each beyond what a process does in seconds; then studies of one slice."""
    bombs = []
    for number in range(EXPENSIVE):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(hostile_files.nested_bomb(number, items=300_000))
        bombs.append(upload(services, path))
    # A study that is read in one batch with them would be settled with them.
    until(
        lambda: all(services.status(study)["status"] != "uploaded" for study in bombs), "their turn"
    )
    for _, content in ct_slices(3):
        services.wait_for(services.upload(content), "archived", seconds=100)
    ended = {"archived", "failed", "error"}
    unfinished = [study for study in bombs if services.status(study)["status"] not in ended]
    assert len(unfinished) >= EXPENSIVE / 2
    for study in bombs:
        until(lambda study=study: services.status(study)["status"] in ended, "its end", 500)  # type: ignore[misc]
