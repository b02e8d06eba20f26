"""A real Redis and the real services, for one test or shared by many."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from kit.pipeline import Pipeline, RedisServer, started
from kit.studies import ct_slices

LARGE_UPLOADS = {"HDV_GATEWAY__MAX_UPLOAD_BYTES": "400000000"}


@pytest.fixture
def ct() -> bytes:
    """A valid CT image that no other test has sent."""
    [(_, content)] = ct_slices(1)
    return content


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pipeline, RedisServer]]:
    """All services, started once for all tests that leave them running and ask only about
    studies of their own."""
    with started(tmp_path_factory.mktemp("running"), **LARGE_UPLOADS) as services:
        yield services


@pytest.fixture(scope="session")
def services(running: tuple[Pipeline, RedisServer]) -> Pipeline:
    """The same, for tests that need no Redis."""
    return running[0]


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


@pytest_asyncio.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Redis]:
    """A connection to a Redis of the test's own."""
    client = Redis.from_url(redis_server.url)
    yield client
    await client.aclose()
