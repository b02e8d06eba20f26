"""The index of the archive by UID, on a real Redis: claimed by one, made anew when it is lost."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis

from chassis.instance_index import InstanceIndex
from integration.pipeline import Pipeline, RedisServer, until
from integration.studies import ct_slices

ONE, OTHER = UUID(int=1), UUID(int=2)
SHA256 = "0a" * 32


async def connected(server: RedisServer) -> Redis:
    return Redis.from_url(server.url)


async def test_of_two_uploads_that_claim_a_uid_at_once_one_is_first(
    redis_server: RedisServer,
) -> None:
    async with aclosing(await connected(redis_server)) as client:
        index = InstanceIndex(lambda: as_is(client))
        claims = {f"1.2.{number}": SHA256 for number in range(1200)}
        first, second = await asyncio.gather(index.claim(ONE, claims), index.claim(OTHER, claims))
        assert first == second
        assert first == await index.claim(OTHER, dict.fromkeys(claims, "ff" * 32))
        assert {kept.sha256 for kept in first.values()} == {SHA256}


async def test_a_study_is_found_under_all_ids_that_it_is_filed_under(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with aclosing(await connected(redis_server)) as client:
        index = InstanceIndex(lambda: as_is(client))
        assert not await index.is_complete()
        await index.ensure(tmp_path)
        assert await index.is_complete()
        await index.file(ONE, ["1.2.3"])
        await index.file(OTHER, ["1.2.3", "1.2.4"])
        assert sorted(await index.studies("1.2.3")) == [ONE, OTHER]
        assert await index.studies("1.2.4") == [OTHER]
        assert await index.studies("1.2.5") == []


async def test_several_services_that_start_at_once_make_it_once(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    (tmp_path / str(uuid4())).mkdir()  # a study that is being removed
    (tmp_path / ".incoming").mkdir()
    async with aclosing(await connected(redis_server)) as client:
        index = InstanceIndex(lambda: as_is(client))
        await asyncio.gather(*(index.ensure(tmp_path) for _ in range(5)))
        assert await index.is_complete()


@pytest.mark.timeout(150)
def test_what_redis_has_lost_is_known_again_after_a_restart(
    pipeline: Pipeline, redis_server: RedisServer
) -> None:
    pipeline.start_all()
    [(_, content)] = ct_slices(1)
    first = pipeline.upload(content)
    pipeline.wait_for(first, "archived")
    for name in ("gateway", "validator", "descriptor", "status"):
        pipeline.stop(name)
    redis_server.client.flushall()

    pipeline.start_all()
    changed = content[:-2] + bytes((content[-2] ^ 1, content[-1]))
    record = pipeline.wait_for(pipeline.upload(changed), "failed")
    assert record["findings"][0]["code"] == "study.instance-conflict"
    again = pipeline.wait_for(pipeline.upload(content), "archived")
    assert again["files"]["duplicates"] == 1

    uid = pipeline.http.get(f"/studies/{first}").json()["study_instance_uids"][0]

    def retrieved() -> httpx.Response | None:
        answer = pipeline.http.get(f"/studies/{uid}/metadata")
        return answer if answer.status_code == 200 else None

    assert len(until(retrieved, "the study by its UID").json()) == 1


async def as_is(client: Redis) -> Redis:
    return client
