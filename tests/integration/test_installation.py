"""A Redis belongs to one archive: nothing is changed in that of another one."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from hdv.cli import app
from kit.pipeline import RedisServer
from storage.index_rebuild import rebuild
from storage.installation import KEY, OtherInstallationError, require_own_redis
from storage.uid_index import INSTANCES
from unit.gateway.studies_on_disk import STUDY, Disk, Sent

ONE = Sent(b"one", uid="1.2.1", study="1.2")


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "data")


async def index_of(client: Redis, disk: Disk) -> None:
    """An index of one study, in a Redis that belongs to the archive."""
    disk.archive(ONE)
    await require_own_redis(client, disk.volumes.studies, may_create=True)
    await rebuild(client, disk.volumes.studies, lambda *_: None)


def run(server: RedisServer, data: Path, *options: str) -> Result:
    arguments = ["--data", str(data), "--redis-url", server.url, *options]
    return CliRunner().invoke(app, ["index", "rebuild", *arguments])


async def test_services_that_start_at_once_give_a_new_archive_one_id(
    client: Redis, disk: Disk
) -> None:
    studies = disk.volumes.studies
    await asyncio.gather(*(require_own_redis(client, studies, may_create=True) for _ in range(8)))
    known = await client.get(KEY)
    assert known
    await client.flushall()
    await require_own_redis(client, studies, may_create=False)
    assert await client.get(KEY) == known


async def test_another_archive_is_refused_with_an_id_or_without(
    client: Redis, disk: Disk, tmp_path: Path
) -> None:
    await require_own_redis(client, disk.volumes.studies, may_create=True)
    other = Disk(tmp_path / "other").volumes.studies
    with pytest.raises(OtherInstallationError):
        await require_own_redis(client, other, may_create=True)

    known = await client.getdel(KEY)
    await require_own_redis(client, other, may_create=True)
    assert await client.get(KEY) != known
    with pytest.raises(OtherInstallationError):
        await require_own_redis(client, disk.volumes.studies, may_create=False)


async def test_an_index_is_not_rebuilt_from_the_wrong_directory(
    client: Redis, redis_server: RedisServer, disk: Disk, tmp_path: Path
) -> None:
    await index_of(client, disk)
    before = await client.hgetall(INSTANCES)
    (tmp_path / "wrong" / "archive").mkdir(parents=True)

    result = await asyncio.to_thread(run, redis_server, tmp_path / "wrong", "--yes")

    assert result.exit_code == 2
    assert "belong to different installations" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert await client.hgetall(INSTANCES) == before


async def test_entries_vanish_only_when_that_is_confirmed(
    client: Redis, redis_server: RedisServer, disk: Disk, tmp_path: Path
) -> None:
    await index_of(client, disk)
    before = await client.hgetall(INSTANCES)
    disk.volumes.archived(STUDY).rename(tmp_path / "away")

    refused = await asyncio.to_thread(run, redis_server, tmp_path / "data")
    assert (refused.exit_code, await client.hgetall(INSTANCES)) == (2, before)

    done = await asyncio.to_thread(run, redis_server, tmp_path / "data", "--yes")
    assert (done.exit_code, done.stdout) == (0, "0 studies are in the index\n")
    assert set(await client.hgetall(INSTANCES)) == {b"complete"}


async def test_an_index_is_rebuilt_without_a_question_if_nothing_vanishes(
    client: Redis, redis_server: RedisServer, disk: Disk, tmp_path: Path
) -> None:
    await index_of(client, disk)
    done = await asyncio.to_thread(run, redis_server, tmp_path / "data")
    assert (done.exit_code, done.stdout) == (0, "1 studies are in the index\n")
