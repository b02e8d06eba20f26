"""The index of the archive in a real Redis: what a UID stands for, where a study lies."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis

from chassis.instance_index import InstanceIndex, Kept
from integration.pipeline import Pipeline, RedisServer, until
from integration.studies import ct_slices
from storage.archived import ArchivedStudy, read_study
from storage.layout import METADATA
from unit.gateway.studies_on_disk import Disk, Sent

ONE, OTHER, THIRD = (UUID(int=number) for number in (1, 2, 3))
BYTES, OTHER_BYTES = "a" * 64, "b" * 64


@pytest.fixture
def index(client: Redis) -> InstanceIndex:
    async def connect() -> Redis:
        return client

    return InstanceIndex(connect)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


async def test_the_first_study_keeps_a_uid_whoever_comes_later(index: InstanceIndex) -> None:
    assert await index.claim(ONE, {"1.2.1": BYTES}) == {"1.2.1": Kept(BYTES, ONE)}
    later = await index.claim(OTHER, {"1.2.1": OTHER_BYTES, "1.2.2": BYTES})
    assert later == {"1.2.1": Kept(BYTES, ONE), "1.2.2": Kept(BYTES, OTHER)}


async def test_claiming_again_changes_nothing(index: InstanceIndex) -> None:
    instances = {f"1.2.{number}": BYTES for number in range(1, 1200)}
    first = await index.claim(ONE, instances)
    assert await index.claim(ONE, instances) == first
    assert first == {uid: Kept(BYTES, ONE) for uid in instances}


async def test_of_many_that_claim_one_uid_at_once_one_gets_it_and_all_are_told_which(
    index: InstanceIndex,
) -> None:
    studies = [uuid4() for _ in range(20)]
    told = await asyncio.gather(*(index.claim(study, {"1.2.1": BYTES}) for study in studies))
    assert len({answer["1.2.1"] for answer in told}) == 1


async def test_looking_claims_nothing(index: InstanceIndex) -> None:
    await index.claim(ONE, {"1.2.1": BYTES})
    many = [f"1.3.{number}" for number in range(1, 1200)]
    assert await index.kept(["1.2.1", *many]) == {"1.2.1": Kept(BYTES, ONE)}
    assert await index.kept(many) == {}
    assert await index.kept([]) == {}


async def test_a_study_filed_in_parts_is_found_under_all_its_ids(index: InstanceIndex) -> None:
    await index.file(ONE, ["1.2", "1.3"])
    await index.file(OTHER, ["1.2"])
    await index.file(OTHER, ["1.2"])
    assert sorted(await index.studies("1.2")) == [ONE, OTHER]
    assert await index.studies("1.3") == [ONE]
    assert await index.studies("1.4") == []


async def test_the_index_is_made_from_the_archive_when_it_has_never_been(
    index: InstanceIndex, disk: Disk
) -> None:
    one = Sent(b"one", uid="1.2.1", study="1.2")
    disk.archive(one, Sent(b"two", uid="1.2.2", study="1.2"), study_id=ONE)
    disk.archive(Sent(b"six", uid="1.3.1", study="1.3"), study_id=OTHER)
    disk.preview(b"png", ONE)
    assert not await index.is_complete()

    await index.ensure(disk.volumes.archive)

    assert await index.is_complete()
    assert await index.studies("1.2") == [ONE]
    assert await index.studies("1.3") == [OTHER]
    kept = await index.kept(["1.2.1", "1.2.2", "1.3.1"])
    assert kept["1.2.1"] == Kept(one.sha256, ONE)
    assert [entry.study_id for entry in kept.values()] == [ONE, ONE, OTHER]


async def test_an_index_that_is_complete_is_not_made_again(
    index: InstanceIndex, disk: Disk
) -> None:
    await index.ensure(disk.volumes.archive)
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    await index.ensure(disk.volumes.archive)
    assert await index.studies("1.2") == []


async def test_services_that_start_at_once_make_the_index_once_and_all_wait_for_it(
    index: InstanceIndex, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    read: list[str] = []

    def reading(directory: Path) -> ArchivedStudy:
        read.append(directory.name)
        return read_study(directory)

    monkeypatch.setattr("chassis.instance_index.read_study", reading)

    async def started() -> list[UUID]:
        async with index.made(disk.volumes.archive):
            return await index.studies("1.2")

    assert await asyncio.gather(*(started() for _ in range(5))) == [[ONE]] * 5
    assert read == [str(ONE)]


async def test_one_study_that_cannot_be_read_does_not_hide_the_others(
    index: InstanceIndex, disk: Disk
) -> None:
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    (disk.archive(Sent(b"two"), study_id=OTHER) / METADATA).write_text("{")
    (disk.archive(Sent(b"six"), study_id=THIRD) / METADATA).unlink()
    (disk.volumes.archive / "notes").mkdir()

    assert await index.rebuild(disk.volumes.archive) == 1
    assert await index.studies("1.2") == [ONE]


async def test_rebuilding_forgets_what_is_not_in_the_archive(
    index: InstanceIndex, disk: Disk
) -> None:
    await index.claim(OTHER, {"1.2.1": OTHER_BYTES, "1.9.9": BYTES})
    await index.file(OTHER, ["1.2", "1.9"])
    one = Sent(b"one", uid="1.2.1", study="1.2")
    disk.archive(one, study_id=ONE)
    told: list[tuple[int, int]] = []

    count = await index.rebuild(disk.volumes.archive, lambda *progress: told.append(progress))

    assert count == 1
    assert told == [(1, 1)]
    assert await index.kept(["1.2.1", "1.9.9"]) == {"1.2.1": Kept(one.sha256, ONE)}
    assert await index.studies("1.2") == [ONE]
    assert await index.studies("1.9") == []


async def test_who_makes_the_index_and_dies_is_followed_by_another(
    index: InstanceIndex, client: Redis, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    await client.set("archive-index:lock", "of a dead one", px=300)
    await index.ensure(disk.volumes.archive)
    assert await index.studies("1.2") == [ONE]

    await client.delete("archive-index:complete")
    await client.set("archive-index:lock", "of one that does not end")
    monkeypatch.setattr("chassis.instance_index.WAIT_SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        await index.ensure(disk.volumes.archive)


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
        answer = pipeline.http.get(f"/dicom-web/studies/{uid}/metadata")
        return answer if answer.status_code == 200 else None

    assert len(until(retrieved, "the study by its UID").json()) == 1
