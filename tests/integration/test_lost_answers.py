"""Redis has the event of an upload, or not, and the gateway cannot know: nothing may be lost."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from gateway.uploads.writer import BATCH_BYTES
from kit.pipeline import Pipeline, RedisServer, until
from kit.proxy import Proxy
from kit.volumes import being_written

SOON = {
    "HDV_GATEWAY__RECOVERY__PERIOD_SECONDS": "0.5",
    "HDV_GATEWAY__RECOVERY__AFTER_SECONDS": "1",
}
"""Uploads that were lost are announced within seconds."""
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=xYzZY"}
ANNOUNCEMENT = b"__data__"
"""Part of a request of the gateway: the one with which an upload is announced, and no other."""


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    """Between the gateway and Redis."""
    with Proxy(redis_server.port) as proxy:
        yield proxy


def start(pipeline: Pipeline, proxy: Proxy) -> None:
    pipeline.start("status", "validator", "descriptor")
    start_gateway(pipeline, proxy)


def start_gateway(pipeline: Pipeline, proxy: Proxy, **environment: str) -> None:
    url = f"redis://127.0.0.1:{proxy.port}/0"
    pipeline.start("gateway", HDV_REDIS_URL=url, **{**SOON, **environment})


def announced(server: RedisServer) -> list[str]:
    """The studies of all announcements, in order."""
    entries: list[Any] = server.client.xrange("uploads")
    return [json.loads(fields["__data__"])["subject"] for _, fields in entries]


def send(pipeline: Pipeline, content: bytes, **headers: str) -> httpx2.Response:
    return pipeline.http.post("/upload", files={"file": ("a.dcm", content)}, headers=headers)


def require_archived_once(pipeline: Pipeline, study_id: str, content: bytes) -> None:
    pipeline.wait_for(study_id, "archived")
    assert [entry.name for entry in pipeline.archive.glob("[!.]*")] == [study_id]
    assert (pipeline.archive / study_id / "original.dcm").read_bytes() == content
    until(lambda: not any(pipeline.uploads.glob("[!.]*")), "the end of the upload")


@pytest.mark.parametrize("headers", [KEY, {}], ids=["with a key", "without"])
def test_an_upload_is_archived_once_though_redis_did_not_say_that_it_has_it(
    pipeline: Pipeline, redis_server: RedisServer, proxy: Proxy, ct: bytes, headers: dict[str, str]
) -> None:
    start(pipeline, proxy)
    with proxy.swallowing_answers(to=ANNOUNCEMENT):
        first = send(pipeline, ct, **headers)
    assert first.status_code == 202
    study_id = first.json()["study_id"]
    require_archived_once(pipeline, study_id, ct)
    if headers:
        again = send(pipeline, ct, **headers)
        assert (again.status_code, again.json()) == (202, first.json())
        assert [entry.name for entry in pipeline.archive.glob("[!.]*")] == [study_id]
    assert announced(redis_server) == [study_id]
    assert redis_server.client.xlen("study.archived") == 1


@pytest.mark.parametrize("headers", [KEY, {}], ids=["with a key", "without"])
def test_an_announcement_that_arrives_late_does_nothing_when_another_gateway_has_sent_it(
    pipeline: Pipeline, redis_server: RedisServer, proxy: Proxy, ct: bytes, headers: dict[str, str]
) -> None:
    pipeline.start("status")
    rarely = {"HDV_GATEWAY__RECOVERY__PERIOD_SECONDS": "600"}
    start_gateway(pipeline, proxy, **rarely)
    pipeline.start("gateway-2", **SOON)
    with proxy.holding(ANNOUNCEMENT):
        answer = send(pipeline, ct, **headers)
        assert answer.status_code == 202
        study_id = answer.json()["study_id"]
        until(lambda: announced(redis_server), "the announcement by the other gateway")
    pipeline.start("validator", "descriptor")
    require_archived_once(pipeline, study_id, ct)
    assert announced(redis_server) == [study_id]
    assert redis_server.client.xlen("study.archived") == 1


@pytest.mark.parametrize("headers", [KEY, {}], ids=["with a key", "without"])
def test_an_upload_that_a_power_cut_brings_back_goes_away_again(
    pipeline: Pipeline, proxy: Proxy, ct: bytes, headers: dict[str, str]
) -> None:
    """The removal of its files was not durable yet; Redis has finished it."""
    start(pipeline, proxy)
    pipeline.stop("validator")
    study_id = send(pipeline, ct, **headers).json()["study_id"]
    kept = pipeline.directory / "kept"
    shutil.copytree(pipeline.uploads / study_id, kept)
    pipeline.start("validator")
    require_archived_once(pipeline, study_id, ct)
    kept.rename(pipeline.uploads / study_id)
    require_archived_once(pipeline, study_id, ct)


def test_an_upload_that_did_not_reach_redis_is_announced_when_redis_is_back(
    pipeline: Pipeline, redis_server: RedisServer, proxy: Proxy, ct: bytes
) -> None:
    start(pipeline, proxy)
    with ExitStack() as network:
        answer = pipeline.http.post(
            "/upload",
            content=form(ct, lambda: lose_redis(pipeline, proxy, network)),
            headers=MULTIPART,
        )
    assert answer.status_code == 202
    require_archived_once(pipeline, answer.json()["study_id"], ct)
    assert announced(redis_server) == [answer.json()["study_id"]]


def test_an_upload_whose_gateway_is_killed_before_it_announces_it_is_not_lost(
    pipeline: Pipeline, redis_server: RedisServer, proxy: Proxy, ct: bytes
) -> None:
    start(pipeline, proxy)
    with ExitStack() as network, ThreadPoolExecutor(1) as client:
        upload = client.submit(
            pipeline.http.post,
            "/upload",
            content=form(ct, lambda: lose_redis(pipeline, proxy, network)),
            headers=MULTIPART,
        )
        [study] = until(lambda: list(pipeline.uploads.glob("[!.]*")), "the commit")
        pipeline.kill("gateway")
        assert isinstance(upload.exception(), httpx2.TransportError)
    start_gateway(pipeline, proxy)
    require_archived_once(pipeline, study.name, ct)
    assert announced(redis_server) == [study.name]


def test_an_upload_whose_gateway_is_killed_before_it_answers_is_answered_when_it_is_sent_again(
    pipeline: Pipeline, redis_server: RedisServer, proxy: Proxy, ct: bytes
) -> None:
    start(pipeline, proxy)
    with proxy.swallowing_answers(to=ANNOUNCEMENT), ThreadPoolExecutor(1) as client:
        upload = client.submit(send, pipeline, ct, **KEY)
        [study_id] = until(lambda: announced(redis_server), "the announcement")
        pipeline.kill("gateway")
        assert isinstance(upload.exception(), httpx2.TransportError)
    start_gateway(pipeline, proxy)
    again = send(pipeline, ct, **KEY)
    assert (again.status_code, again.json()["study_id"]) == (202, study_id)
    require_archived_once(pipeline, study_id, ct)
    assert announced(redis_server) == [study_id]


def test_what_a_killed_gateway_had_received_only_in_part_is_no_upload(
    pipeline: Pipeline, redis_server: RedisServer, proxy: Proxy, ct: bytes
) -> None:
    start(pipeline, proxy)
    with pytest.raises(httpx2.TransportError):
        pipeline.http.post(
            "/upload",
            content=form(ct, lambda: kill_once_receiving(pipeline)),
            headers=MULTIPART,
        )
    start_gateway(pipeline, proxy)
    require_archived_once(pipeline, pipeline.upload(ct), ct)
    assert len(announced(redis_server)) == 1


def test_a_resubmission_whose_gateway_is_killed_before_it_answers_goes_on(
    pipeline: Pipeline, redis_server: RedisServer, proxy: Proxy
) -> None:
    start(pipeline, proxy)
    failed = pipeline.upload(b"not DICOM")
    pipeline.wait_for(failed, "failed")
    with proxy.swallowing_answers(to=ANNOUNCEMENT), ThreadPoolExecutor(1) as client:
        answer = client.submit(pipeline.http.post, f"/quarantine/{failed}/resubmit")
        [_, again] = until(lambda: announced(redis_server)[1:] and announced(redis_server), "it")
        pipeline.kill("gateway")
        assert isinstance(answer.exception(), httpx2.TransportError)
    start_gateway(pipeline, proxy)
    pipeline.wait_for(again, "failed")
    [record] = pipeline.http.get(f"/quarantine/{failed}").json()["resubmissions"]
    assert record["study_id"] == again


def form(content: bytes, before_the_end: Callable[[], None]) -> Iterator[bytes]:
    """An upload's body, with something that happens before its end is sent."""
    head = b'--xYzZY\r\nContent-Disposition: form-data; name="file"; filename="a.dcm"\r\n\r\n'
    # A small upload is written at its end; this file is large, and will be rejected.
    yield head + bytes(2 * BATCH_BYTES) + b"\r\n"
    yield head + content
    before_the_end()
    yield b"\r\n--xYzZY--\r\n"


def lose_redis(pipeline: Pipeline, proxy: Proxy, network: ExitStack) -> None:
    """Redis becomes a black hole for the gateway, which is receiving an upload."""
    until(lambda: being_written(pipeline.uploads), "the beginning")
    network.enter_context(proxy.silent())


def kill_once_receiving(pipeline: Pipeline) -> None:
    until(lambda: being_written(pipeline.uploads), "the beginning")
    pipeline.kill("gateway")
