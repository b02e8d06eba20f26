"""A real Redis and the real services for each module that asks for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from integration.pipeline import Pipeline, RedisServer


@pytest.fixture(scope="session")
def ct() -> bytes:
    """A sound CT image."""
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    return Path(path).read_bytes()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def pipeline(tmp_path: Path, redis_server: RedisServer) -> Iterator[Pipeline]:
    """Nothing runs yet: each test starts the services that it needs."""
    pipeline = Pipeline(tmp_path, redis_server.url)
    yield pipeline
    pipeline.close()
