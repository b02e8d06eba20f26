"""New uploads are refused while too much waits or a volume is nearly full; the others go on."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from contracts.channels import UPLOADS
from gateway.uploads.capacity import Capacity
from gateway.uploads.service import UploadService
from kit.gateway import MemoryGateway
from kit.problems import assert_problem
from unit.gateway.uploads.test_upload import BEGINNING, CONTENT, FILE, send


def capacity_of(gateway: MemoryGateway) -> Capacity:
    uploads: UploadService = gateway.service.http.state.provided[UploadService]
    return uploads.capacity


async def readiness(gateway: MemoryGateway) -> Any:
    return (await gateway.client.get("/health/ready")).json()


def set_free(monkeypatch: pytest.MonkeyPatch, **free_bytes: int) -> None:
    """So many bytes are free on some volumes, and plenty on the others."""

    def disk_usage(path: Path) -> Any:
        return SimpleNamespace(free=free_bytes.get(Path(path).name, 1 << 40), used=7)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)


@pytest.mark.parametrize("place", ["uploads", "archive", "quarantine"])
async def test_no_new_upload_begins_while_a_volume_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    gateway = MemoryGateway(tmp_path, min_free_bytes=10_000)
    capacity = capacity_of(gateway)
    set_free(monkeypatch, **{place: 19_999})
    await capacity.look()
    refused = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(refused, 507, "insufficient-storage")
    assert place in refused.json()["detail"]
    assert (await readiness(gateway))["limited"] == {"uploads": "insufficient-storage"}
    metrics = gateway.metrics.exposition().decode()
    assert f'hdv_free_bytes{{place="{place}",service="gateway"}} 19999.0' in metrics
    assert f'hdv_used_bytes{{place="{place}",service="gateway"}} 7.0' in metrics

    set_free(monkeypatch, **{place: 20_000})
    await capacity.look()
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202
    assert "limited" not in await readiness(gateway)


async def test_an_upload_that_has_begun_goes_on_down_to_the_second_watermark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = MemoryGateway(tmp_path, min_free_bytes=10_000)

    async def body() -> AsyncIterator[bytes]:
        yield BEGINNING
        set_free(monkeypatch, uploads=15_000)
        await capacity_of(gateway).look()
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    assert (await send(gateway, body())).status_code == 202
    refused = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(refused, 507, "insufficient-storage")


async def test_no_new_upload_begins_while_too_many_studies_wait(tmp_path: Path) -> None:
    gateway = MemoryGateway(tmp_path, max_waiting_studies=2)
    capacity = capacity_of(gateway)
    for _ in range(3):
        await capacity.look()
        assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202
    await capacity.look()
    refused = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(refused, 503, "too-many-waiting-studies")
    assert int(refused.headers["retry-after"]) > 0
    assert (await readiness(gateway))["limited"] == {"uploads": "too-many-waiting-studies"}
    assert 'hdv_studies_waiting{service="gateway"} 3.0' in gateway.metrics.exposition().decode()

    gateway.redis.deliver(UPLOADS.address, "validator", finish=True)
    await capacity.look()
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202


async def test_without_redis_the_last_number_counts(tmp_path: Path) -> None:
    gateway = MemoryGateway(tmp_path, max_waiting_studies=1)
    capacity = capacity_of(gateway)
    for _ in range(2):
        await gateway.client.post("/upload", files={"file": FILE})
    await capacity.look()
    gateway.redis.leave(RedisConnectionError("gone"))
    await capacity.look()
    refused = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(refused, 503, "too-many-waiting-studies")
