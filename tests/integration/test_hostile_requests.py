"""Requests that are made to exhaust the gateway: it answers, and stays small and quick."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest

from benchmarks.accounting import PeakMemory, ProcessTree
from benchmarks.hostile_requests import CASES, CONNECTIONS, Case
from kit.pipeline import Pipeline, started, until

MOST_GROWTH = 40_000_000
"""Bytes by which the gateway may grow; without limits it is gigabytes."""
QUICK_SECONDS = 10.0
SHORT = {
    "HTTP__HEADER_SECONDS": "2",
    "HTTP__JSON_SECONDS": "2",
    "HTTP__STALLED_SECONDS": "2",
    "HTTP__MAX_CONNECTIONS": str(CONNECTIONS + 100),
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    environment = {f"HDV_{name}__{key}": value for name in ("GATEWAY", "STATUS")
                   for key, value in SHORT.items()}  # fmt: skip
    with started(tmp_path_factory.mktemp("hostile"), "status", "gateway", **environment) as (
        pipeline,
        _,
    ):
        yield pipeline


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_gateway_answers_and_stays_small(services: Pipeline, case: Case) -> None:
    tree = ProcessTree(services.processes["gateway"].pid)
    began = time.monotonic()
    with PeakMemory(tree) as peak:
        assert case.attack(("127.0.0.1", services.ports["gateway"])) == case.expected
    assert time.monotonic() - began < QUICK_SECONDS
    assert peak.growth[1] < MOST_GROWTH
    assert httpx2.get(f"{services.url}/health/live", timeout=5).status_code == 200


def test_all_services_have_the_limits(services: Pipeline) -> None:
    url = f"http://127.0.0.1:{services.ports['status']}"
    answer = httpx2.get(f"{url}/health/live", headers={"a": "x" * 100_000})
    assert (answer.status_code, answer.json()["type"]) == (431, "urn:hdv:problem:headers-too-large")
    answer = httpx2.post(f"{url}/status", content=b" " * 5_000_000)
    assert answer.status_code in (401, 413)  # the token comes first, or the body


def test_a_flood_of_connections_leaves_room_for_a_client(services: Pipeline) -> None:
    """More connections than there may be, which say nothing, are renewed all the time."""
    address = ("127.0.0.1", services.ports["gateway"])
    ended = threading.Event()
    made = []

    def flood() -> None:
        while not ended.is_set():
            clients = [socket.create_connection(address) for _ in range(CONNECTIONS + 200)]
            made.append(len(clients))
            for client in clients:
                client.close()

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        until(lambda: made, "the flood")
        for _ in range(20):
            assert httpx2.get(f"{services.url}/health/live", timeout=5).status_code == 200
    finally:
        ended.set()
        thread.join()
