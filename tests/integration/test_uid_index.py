"""The index of the archive in a real Redis: reservations of UIDs, and where a study is."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from redis.asyncio import Redis

from kit.pipeline import Pipeline, RedisServer, until
from kit.studies import ct_slices
from storage.layout import METADATA
from storage.metadata import ArchivedStudy
from storage.study_folder import StudyFolder
from storage.uid_index import Content, Reservation, UidIndex
from unit.gateway.studies_on_disk import Disk, Sent

ONE, OTHER, THIRD = (UUID(int=number) for number in (1, 2, 3))
BYTES = Content("a" * 64, "c" * 64, "1.2.840.10008.1.2.1")
OTHER_BYTES = Content("b" * 64)


@pytest.fixture
def index(client: Redis) -> UidIndex:
    async def connect() -> Redis:
        return client

    return UidIndex(connect)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


async def test_the_first_study_keeps_a_uid(index: UidIndex) -> None:
    assert await index.reserve(ONE, {"1.2.1": BYTES}) == {"1.2.1": Reservation(ONE, BYTES)}
    later = await index.reserve(OTHER, {"1.2.1": OTHER_BYTES, "1.2.2": BYTES})
    assert later == {"1.2.1": Reservation(ONE, BYTES), "1.2.2": Reservation(OTHER, BYTES)}


async def test_reserving_again_changes_nothing(index: UidIndex) -> None:
    instances = {f"1.2.{number}": BYTES for number in range(1, 1200)}
    first = await index.reserve(ONE, instances)
    assert await index.reserve(ONE, instances) == first
    assert first == {uid: Reservation(ONE, BYTES) for uid in instances}


async def test_of_many_that_reserve_one_uid_at_once_one_gets_it_and_all_learn_which(
    index: UidIndex,
) -> None:
    studies = [uuid4() for _ in range(20)]
    seen = await asyncio.gather(*(index.reserve(study, {"1.2.1": BYTES}) for study in studies))
    assert len({answer["1.2.1"] for answer in seen}) == 1


async def test_a_look_up_reserves_nothing(index: UidIndex) -> None:
    await index.reserve(ONE, {"1.2.1": BYTES})
    many = [f"1.3.{number}" for number in range(1, 1200)]
    assert await index.reservations(["1.2.1", *many]) == {"1.2.1": Reservation(ONE, BYTES)}
    assert await index.reservations(many) == {}
    assert await index.reservations([]) == {}


async def test_a_study_archived_in_parts_is_found_under_all_its_ids(index: UidIndex) -> None:
    await index.add_study(ONE, ["1.2", "1.3"])
    await index.add_study(OTHER, ["1.2"])
    await index.add_study(OTHER, ["1.2"])
    assert sorted(await index.studies("1.2")) == [ONE, OTHER]
    assert await index.studies("1.3") == [ONE]
    assert await index.studies("1.4") == []


async def test_a_missing_index_is_built_from_the_archive(index: UidIndex, disk: Disk) -> None:
    one = Sent(b"one", uid="1.2.1", study="1.2")
    disk.archive(one, Sent(b"two", uid="1.2.2", study="1.2"), study_id=ONE)
    disk.archive(Sent(b"six", uid="1.3.1", study="1.3"), study_id=OTHER)
    disk.preview(b"png", ONE)
    assert not await index.is_complete()

    await index.ensure(disk.volumes.studies)

    assert await index.is_complete()
    assert await index.studies("1.2") == [ONE]
    assert await index.studies("1.3") == [OTHER]
    reserved = await index.reservations(["1.2.1", "1.2.2", "1.3.1"])
    assert reserved["1.2.1"] == Reservation(ONE, one.kept)
    assert [entry.study_id for entry in reserved.values()] == [ONE, ONE, OTHER]


async def test_a_complete_index_is_not_built_again(index: UidIndex, disk: Disk) -> None:
    await index.ensure(disk.volumes.studies)
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    await index.ensure(disk.volumes.studies)
    assert await index.studies("1.2") == []


async def test_services_that_start_at_once_build_the_index_once_and_all_wait_for_it(
    index: UidIndex, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    read: list[str] = []

    metadata = StudyFolder.metadata

    def reading(folder: StudyFolder) -> ArchivedStudy:
        read.append(str(folder.study_id))
        return metadata(folder)

    monkeypatch.setattr(StudyFolder, "metadata", reading)

    async def started() -> list[UUID]:
        await index.ensure(disk.volumes.studies)
        return await index.studies("1.2")

    assert await asyncio.gather(*(started() for _ in range(5))) == [[ONE]] * 5
    assert read == [str(ONE)]


async def test_one_study_that_cannot_be_read_does_not_hide_the_others(
    index: UidIndex, disk: Disk
) -> None:
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    (disk.archive(Sent(b"two"), study_id=OTHER) / METADATA).write_text("{")
    (disk.archive(Sent(b"six"), study_id=THIRD) / METADATA).unlink()
    (disk.volumes.archive / "notes").mkdir()

    rebuilt = await index.rebuild(disk.volumes.studies)
    assert (rebuilt.studies, rebuilt.unreadable) == (1, (OTHER,))
    assert await index.studies("1.2") == [ONE]


async def test_rebuilding_forgets_what_is_not_in_the_archive(index: UidIndex, disk: Disk) -> None:
    await index.reserve(OTHER, {"1.2.1": OTHER_BYTES, "1.9.9": BYTES})
    await index.add_study(OTHER, ["1.2", "1.9"])
    one = Sent(b"one", uid="1.2.1", study="1.2")
    disk.archive(one, study_id=ONE)
    seen: list[tuple[int, int]] = []

    rebuilt = await index.rebuild(disk.volumes.studies, lambda *progress: seen.append(progress))

    assert rebuilt.studies == 1
    assert seen == [(1, 1)]
    assert await index.reservations(["1.2.1", "1.9.9"]) == {"1.2.1": Reservation(ONE, one.kept)}
    assert await index.studies("1.2") == [ONE]
    assert await index.studies("1.9") == []


async def test_when_a_service_dies_while_it_builds_the_index_another_one_builds_it(
    index: UidIndex, client: Redis, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    await client.set("archive-index:lock", "of a dead one", px=300)
    await index.ensure(disk.volumes.studies)
    assert await index.studies("1.2") == [ONE]

    await client.delete("archive-index:complete")
    await client.set("archive-index:lock", "of one that does not end")
    monkeypatch.setattr("storage.uid_index.WAIT_SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        await index.ensure(disk.volumes.studies)


@pytest.mark.timeout(150)
def test_an_index_lost_by_redis_is_rebuilt_at_a_restart(
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

    def retrieved() -> httpx2.Response | None:
        answer = pipeline.http.get(f"/dicom-web/studies/{uid}/metadata")
        return answer if answer.status_code == 200 else None

    assert len(until(retrieved, "the study by its UID").json()) == 1
