"""How cost grows: with the instances of a study, with the studies archived, with processes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx2

from benchmarks.corpus import Corpus
from benchmarks.load import Request, send
from benchmarks.ours import Ours, environment_of
from benchmarks.ports import free_ports
from benchmarks.result import Result, spread
from benchmarks.services import upload

INSTANCES = (10, 100, 1_000, 2_000)
ROUNDS = 3
_BLOCK = 500
_STUDIES = 10_000
_STRUCTURE_SETS = 40
_INTAKE = 400
_CONNECTIONS = 8
_MOST_GROWTH = 1.1
_LEAST_SPEEDUP = 1.7
_READY_SECONDS = 30


def instances(ours: Ours, corpus: Corpus) -> Iterator[Result]:
    """CPU an instance, for studies of more and more tiny instances."""
    found: dict[int, list[float]] = {number: [] for number in INSTANCES}
    for _ in range(ROUNDS):
        for number, costs in found.items():
            files = [corpus.archive(number, tiny=True)]
            cost = upload(ours, [Request(f"{ours.url}/upload", forms=files)], 1)
            costs.append(cost.cpu_seconds / number * 1e3)
    for number, costs in found.items():
        yield spread(f"CPU an instance, of {number}", costs, None, "ms")
    yield _growth("CPU an instance, the most that it grows", [median(c) for c in found.values()])


def studies(ours: Ours, corpus: Corpus) -> Iterator[Result]:
    """CPU a study of one tiny instance, while more and more of them are archived."""
    found = []
    for _ in range(_STUDIES // _BLOCK + 1):
        files = corpus.slices(_BLOCK, studies=_BLOCK, tiny=True)
        requests = [Request(f"{ours.url}/upload", forms=[file]) for file in files]
        found.append(upload(ours, requests, _BLOCK).cpu_seconds / _BLOCK * 1e3)
    yield Result(f"CPU a study, of the first {_BLOCK}", found[0], None, "ms")
    yield Result(f"CPU a study, with {_STUDIES} archived", found[-1], None, "ms")
    yield _growth("CPU a study, the growth", [found[0], found[-1]])


def _growth(what: str, costs: list[float]) -> Result:
    """The greatest ratio of a cost to one before it."""
    ratios = [
        later / earlier for index, earlier in enumerate(costs) for later in costs[index + 1 :]
    ]
    return Result(what, max(ratios), _MOST_GROWTH, "times")


def validators(directory: Path, corpus: Corpus) -> Iterator[Result]:
    """Structure sets that wait in the queue: one validator against two, an examiner each."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    environment = {"HDV_VALIDATOR__PROCESSES": "1"}
    for number in range(ROUNDS):
        for count, found in seconds.items():
            place = directory / f"validators-{count}-{number}"
            with Ours(place, validators=count, environment=environment) as ours:
                found.append(_validation_seconds(ours, corpus))
    ratios = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]
    yield spread(
        "speed with a second validator, of that with one",
        ratios,
        _LEAST_SPEEDUP,
        "times",
        more_is_better=True,
    )


def _validation_seconds(ours: Ours, corpus: Corpus) -> float:
    files = corpus.structure_sets(_STRUCTURE_SETS)
    with ours.frozen("descriptor"), ours.events() as events:
        with ours.frozen("validator"):
            send([Request(f"{ours.url}/upload", forms=[file]) for file in files])
        started = time.perf_counter()
        events.await_validated(len(files))
        return time.perf_counter() - started


def gateways(ours: Ours, corpus: Corpus) -> Iterator[Result]:
    """Uploads of a tiny file, until they are answered: one gateway process against two.

    All are archived afterwards, or this fails.
    """
    ratios = []
    with _second_gateway(ours) as url:
        for _ in range(ROUNDS):
            one = _intake_seconds(ours, corpus, [ours.url])
            two = _intake_seconds(ours, corpus, [ours.url, url])
            ratios.append(one / two)
    yield spread(
        "speed with a second gateway, of that with one", ratios, 1, "times", more_is_better=True
    )


def _intake_seconds(ours: Ours, corpus: Corpus, urls: list[str]) -> float:
    files = corpus.slices(_INTAKE, studies=_INTAKE, tiny=True)
    requests = [
        Request(f"{urls[index % len(urls)]}/upload", forms=[file])
        for index, file in enumerate(files)
    ]
    with ours.events() as events:
        with ours.frozen("validator", "descriptor"):
            seconds = send(requests, connections=_CONNECTIONS).seconds
        events.await_archived(len(files))
    return seconds


@contextmanager
def _second_gateway(ours: Ours) -> Iterator[str]:
    """One more gateway with the settings of the first, on a port of its own."""
    port = free_ports(1)
    environment = environment_of(ours.pids("gateway")[0]) | {"HDV_GATEWAY__PORT": str(port)}
    url = f"http://127.0.0.1:{port}"
    with ours.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway"], env=environment, stdout=log, stderr=log
        )
    try:
        _await_ready(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _await_ready(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            if httpx2.get(f"{url}/health/ready").is_success:
                return
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)
