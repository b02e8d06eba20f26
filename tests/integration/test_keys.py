"""API keys with real processes: made, used, revoked, lost and restored, while a gateway runs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chassis.access.caller import Scope
from chassis.access.key_file import read_keys
from kit.keys import make_key
from kit.pipeline import Pipeline, RedisServer, until
from kit.problems import assert_problem


def hdv(pipeline: Pipeline, *arguments: str, key: str | None = None) -> Any:
    environment = {**pipeline.environment, "HDV_URL": pipeline.url}
    if key:
        environment["HDV_API_KEY"] = key
    return subprocess.run(
        [sys.executable, "-m", "hdv", *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def status(pipeline: Pipeline, path: str, key: str | None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return pipeline.http.get(path, headers=headers).status_code


def test_a_key_is_made_used_and_revoked_without_a_restart(
    pipeline: Pipeline, redis_server: RedisServer, tmp_path: Path, ct: bytes
) -> None:
    pipeline.start_all()
    assert status(pipeline, "/studies", None) == 200
    made = hdv(pipeline, "keys", "create", "ct", "-s", "upload", "-s", "read")
    key = made.stdout.strip()
    until(lambda: status(pipeline, "/studies", None) == 401, "the first key", seconds=20)
    assert status(pipeline, "/studies", key) == 200
    assert status(pipeline, "/dead-letters", key) == 403

    image = tmp_path / "ct.dcm"
    image.write_bytes(ct)
    refused = hdv(pipeline, "upload", str(image))
    assert refused.returncode == 2
    assert "Set HDV_API_KEY" in refused.stderr
    sent = hdv(pipeline, "upload", str(image), "--wait", key=key)
    assert (sent.returncode, "archived" in sent.stdout) == (0, True), sent.stderr

    redis_server.client.flushall()  # keys are not there
    assert status(pipeline, "/health/live", None) == 200
    assert status(pipeline, "/events", None) == 401
    assert status(pipeline, "/events", key) in {200, 410}

    headers = {"Authorization": f"Bearer {key}"}
    with pipeline.http.stream("GET", "/events/stream", headers=headers, timeout=60) as stream:
        assert stream.status_code == 200
        [record] = read_keys(pipeline.directory / "keys.json")
        assert hdv(pipeline, "keys", "revoke", record.id).returncode == 0
        until(lambda: status(pipeline, "/studies", key) == 401, "the revocation", seconds=20)
        for _ in stream.iter_bytes():  # it ends by itself
            pass
    revoked = hdv(pipeline, "upload", str(image), key=key)
    assert (revoked.returncode, "ask for a new one" in revoked.stderr) == (2, True)
    assert key not in revoked.stderr
    assert key not in pipeline.log("gateway")


def test_a_lost_file_of_keys_admits_no_one_and_a_restored_one_works(pipeline: Pipeline) -> None:
    file = pipeline.directory / "keys.json"
    key = make_key(file, Scope.READ).text
    pipeline.start("status", "gateway")
    assert status(pipeline, "/studies", key) == 200
    backup = file.read_bytes()
    file.unlink()
    until(lambda: status(pipeline, "/studies", key) == 401, "the loss", seconds=20)
    assert status(pipeline, "/studies", None) == 401
    file.write_bytes(backup)
    until(lambda: status(pipeline, "/studies", key) == 200, "the restored file", seconds=20)


def test_a_gateway_on_the_network_refuses_to_start_or_everything(pipeline: Pipeline) -> None:
    pipeline.spawn("gateway", HDV_HOST="0.0.0.0")
    assert pipeline.processes.pop("gateway").wait(60) == 2
    assert "would be open to everyone who reaches 0.0.0.0" in pipeline.log("gateway")
    never = {"HDV_HOST": "0.0.0.0", "HDV_GATEWAY__ALLOW_UNAUTHENTICATED": "never"}
    pipeline.start("status", "gateway", **never)
    assert_problem(pipeline.http.get("/studies"), 401, "unauthorized")
    key = make_key(pipeline.directory / "keys.json", Scope.READ).text
    until(lambda: status(pipeline, "/studies", key) == 200, "the first key", seconds=20)


def test_the_status_service_needs_its_token(pipeline: Pipeline) -> None:
    pipeline.start("status")
    url = f"http://127.0.0.1:{pipeline.ports['status']}"
    for path in ("/status", "/metrics"):
        assert_problem(httpx2.get(f"{url}{path}"), 401, "unauthorized")
    assert httpx2.get(f"{url}/health/ready").status_code == 200
    pipeline.stop("status")
    pipeline.spawn("status", HDV_HOST="0.0.0.0", HDV_INTERNAL_TOKEN="", HDV_REDIS_URL="redis://x")
    assert pipeline.processes.pop("status").wait(60) == 2


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_page_of_another_site_cannot_use_the_browser_of_a_user(
    services: Pipeline, method: str
) -> None:
    study = "0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"
    path = "/upload" if method == "POST" else f"/studies/{study}"
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = services.http.request(method, path, headers=headers, files={"file": b"x"})
        assert_problem(answer, 403, "cross-site-request")
    answer = services.http.request(method, path, headers={"Host": "evil.example"})
    assert_problem(answer, 421, "unknown-host")
