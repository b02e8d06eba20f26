"""The services on Redis itself, which is supported beside Valkey."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.pipeline import Pipeline, RedisServer


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("not tested on Redis: redis-server (Debian: redis-server) is not installed")
    server = RedisServer(tmp_path / "redis", Path(binary))
    server.start()
    yield server
    server.stop()


def test_a_study_is_archived_on_redis(
    pipeline: Pipeline, redis_server: RedisServer, ct: bytes
) -> None:
    assert "valkey_version" not in redis_server.client.info("server")
    pipeline.start_all()
    study_id = pipeline.upload(ct)
    pipeline.wait_for(study_id, "archived")
    assert redis_server.client.xlen("study.archived") == 1
