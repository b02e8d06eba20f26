"""The index of the archive in a real Redis: reservations of UIDs, and where a study is."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from redis.asyncio import Redis

from chassis.service.shared_index import SharedIndex
from contracts.report import Outcome
from kit.pipeline import Pipeline, RedisServer, until
from kit.studies import ct_slices, with_other_pixels
from storage.index_rebuild import SupersededError, rebuild
from storage.layout import METADATA
from storage.reservation import Content, Reservation
from storage.uid_index import COMPLETE, INSTANCES, UidIndex
from unit.gateway.studies_on_disk import ARCHIVED, Disk, Sent

ONE, OTHER, THIRD = (UUID(int=number) for number in (1, 2, 3))
BYTES = Content("a" * 64, "c" * 64, "1.2.840.10008.1.2.1")
OTHER_BYTES = Content("b" * 64)


def index_of(client: Redis) -> UidIndex:
    async def connect() -> Redis:
        return client

    return UidIndex(connect)


@pytest.fixture
async def index(client: Redis, tmp_path: Path) -> UidIndex:
    """A complete index."""
    await rebuild(client, Disk(tmp_path / "empty").volumes.studies, ignored)
    return index_of(client)


def ignored(done: int, total: int) -> None:
    """Progress that no one looks at."""


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


async def test_studies_that_reserve_together_get_what_they_would_one_after_the_other(
    index: UidIndex,
) -> None:
    many = {f"1.3.{number}": BYTES for number in range(1, 700)}
    first, second, third = await index.reserve_all(
        [
            (ONE, {"1.2.1": BYTES}),
            (OTHER, {"1.2.1": OTHER_BYTES, **many}),
            (THIRD, {"1.3.650": BYTES}),
        ]
    )
    assert first == {"1.2.1": Reservation(ONE, BYTES)}
    assert second == {
        "1.2.1": Reservation(ONE, BYTES),
        **{uid: Reservation(OTHER, BYTES) for uid in many},
    }
    assert third == {"1.3.650": Reservation(OTHER, BYTES)}


async def test_tasks_that_reserve_at_the_same_time_share_a_round_trip(index: UidIndex) -> None:
    shared = SharedIndex(index._connect)
    calls = 0
    reserve_all = shared._reserving._process

    async def counted(studies: Sequence[Any]) -> Any:
        nonlocal calls
        calls += 1
        return await reserve_all(studies)

    shared._reserving._process = counted
    ids = [uuid4() for _ in range(20)]
    seen = await asyncio.gather(*(shared.reserve(study, {"1.2.1": BYTES}) for study in ids))
    assert {answer["1.2.1"] for answer in seen} == {Reservation(ids[0], BYTES)}
    await asyncio.gather(*(shared.add_study(study, ["1.2"]) for study in ids))
    assert {*await index.studies("1.2")} == {*ids}
    assert calls == 1


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


async def test_a_study_is_forgotten_with_its_uids(index: UidIndex, disk: Disk) -> None:
    one, two = Sent(b"one", uid="1.2.1", study="1.2"), Sent(b"two", uid="1.2.2", study="1.2")
    await index.reserve(ONE, {"1.2.1": one.kept, "1.2.2": two.kept})
    await index.reserve(OTHER, {"1.2.3": BYTES})
    await index.add_study(ONE, ["1.2"])

    for _ in ("forgotten", "forgotten again"):
        await index.forget(ONE, ["1.2.1", "1.2.2", "1.2.3"], ["1.2"], disk.volumes.studies)

    assert await index.studies("1.2") == []
    assert await index.reservations(["1.2.1", "1.2.2", "1.2.3"]) == {
        "1.2.3": Reservation(OTHER, BYTES)
    }


async def test_its_uids_go_to_the_oldest_study_that_has_the_instances_too(
    index: UidIndex, disk: Disk
) -> None:
    sent = Sent(b"one", uid="1.2.1", study="1.2")
    for study_id, day in ((THIRD, 3), (OTHER, 2)):
        disk.archive(sent, study_id=study_id, archived_at=ARCHIVED.replace(day=day))
        await index.add_study(study_id, ["1.2"])
    await index.add_study(ONE, ["1.2"])
    await index.reserve(ONE, {"1.2.1": sent.kept})

    await index.forget(ONE, ["1.2.1"], ["1.2"], disk.volumes.studies)

    assert await index.reservations(["1.2.1"]) == {"1.2.1": Reservation(OTHER, sent.kept)}


async def test_the_index_is_built_from_the_archive_and_from_what_is_validated_for_it(
    client: Redis, disk: Disk
) -> None:
    one = Sent(b"one", uid="1.2.1", study="1.2")
    disk.archive(one, Sent(b"two", uid="1.2.2", study="1.2"), study_id=ONE)
    disk.preview(b"png", ONE)
    rejected = Sent(b"bad", uid="1.3.2", outcome=Outcome.REJECTED)
    disk.upload(Sent(b"six", uid="1.3.1", study="1.3"), rejected, study_id=OTHER)
    disk.upload(Sent(b"ten", uid="1.4.1"), study_id=THIRD, validated=False)
    seen: list[tuple[int, int]] = []

    built = await rebuild(client, disk.volumes.studies, lambda *progress: seen.append(progress))

    index = index_of(client)
    assert (built.studies, built.unreadable, seen) == (1, (), [(1, 1)])
    assert await index.is_complete()
    assert await index.studies("1.2") == [ONE]
    assert await index.studies("1.3") == []
    reserved = await index.reservations(["1.2.1", "1.2.2", "1.3.1", "1.3.2", "1.4.1"])
    assert reserved["1.2.1"] == Reservation(ONE, one.kept)
    assert {uid: reservation.study_id for uid, reservation in reserved.items()} == {
        "1.2.1": ONE, "1.2.2": ONE, "1.3.1": OTHER,
    }  # fmt: skip


@pytest.mark.parametrize("portion", [1, 100])
async def test_of_studies_with_one_instance_the_first_archived_has_it_whatever_the_files_times(
    client: Redis, disk: Disk, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    monkeypatch.setattr("storage.index_rebuild._FOLDERS_AT_ONCE", portion)
    sent = Sent(b"one", uid="1.2.1", study="1.2")
    for study_id, day in ((ONE, 3), (OTHER, 2), (THIRD, 4)):
        disk.archive(sent, study_id=study_id, archived_at=ARCHIVED.replace(day=day))
    await rebuild(client, disk.volumes.studies, ignored)
    index = index_of(client)
    assert await index.reservations(["1.2.1"]) == {"1.2.1": Reservation(OTHER, sent.kept)}
    assert set(await index.studies("1.2")) == {ONE, OTHER, THIRD}


async def test_one_study_that_cannot_be_read_does_not_hide_the_others(
    client: Redis, disk: Disk
) -> None:
    disk.archive(Sent(b"one", uid="1.2.1", study="1.2"), study_id=ONE)
    (disk.archive(Sent(b"two"), study_id=OTHER) / METADATA).write_text("{")
    (disk.archive(Sent(b"six"), study_id=THIRD) / METADATA).unlink()
    (disk.volumes.archive / "notes").mkdir()

    rebuilt = await rebuild(client, disk.volumes.studies, ignored)
    assert (rebuilt.studies, rebuilt.unreadable) == (1, (OTHER,))
    assert await index_of(client).studies("1.2") == [ONE]


async def test_a_rebuild_forgets_what_is_not_in_the_store(
    index: UidIndex, client: Redis, disk: Disk
) -> None:
    await index.reserve(OTHER, {"1.2.1": OTHER_BYTES, "1.9.9": BYTES})
    await index.add_study(OTHER, ["1.2", "1.9"])
    one = Sent(b"one", uid="1.2.1", study="1.2")
    disk.archive(one, study_id=ONE)

    await rebuild(client, disk.volumes.studies, ignored)

    assert await index.reservations(["1.2.1", "1.9.9"]) == {"1.2.1": Reservation(ONE, one.kept)}
    assert await index.studies("1.2") == [ONE]
    assert await index.studies("1.9") == []


@pytest.mark.parametrize("lost", ["everything", "the end of a rebuild"])
async def test_nothing_is_reserved_in_an_index_that_is_not_complete_until_it_is_rebuilt(
    index: UidIndex, client: Redis, disk: Disk, lost: str
) -> None:
    one = Sent(b"one", uid="1.2.1", study="1.2")
    disk.archive(one, study_id=ONE)
    if lost == "everything":
        await client.flushall()
    else:
        await client.hdel(INSTANCES, COMPLETE)
    waiting = asyncio.gather(
        index.reserve(OTHER, {"1.2.1": OTHER_BYTES}),
        index.reservations(["1.2.1"]),
        index.forget(OTHER, ["1.2.1"], ["1.2"], disk.volumes.studies),
    )
    await asyncio.wait_for(index.is_missed.wait(), 5)
    assert not waiting.done()

    await rebuild(client, disk.volumes.studies, ignored)

    reserved, found, _ = await asyncio.wait_for(waiting, 5)
    assert reserved == found == {"1.2.1": Reservation(ONE, one.kept)}


async def test_a_caller_waits_a_limited_time(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.uid_index.WAIT_SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        await index_of(client).reserve(ONE, {"1.2.1": BYTES})


async def test_a_rebuild_that_was_suspended_stops_when_another_one_has_begun(
    client: Redis, redis_server: RedisServer, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.index_rebuild._FOLDERS_AT_ONCE", 1)
    for number, study_id in enumerate((ONE, OTHER, THIRD)):
        disk.archive(Sent(b"one", uid=f"1.2.{number}", study="1.2"), study_id=study_id)

    def begin_another(done: int, _: int) -> None:
        if done == 1:
            redis_server.client.hset(INSTANCES, "rebuild", "the token of another one")

    with pytest.raises(SupersededError):
        await rebuild(client, disk.volumes.studies, begin_another)
    assert not await index_of(client).is_complete()


@pytest.mark.timeout(300)
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
    record = pipeline.wait_for(pipeline.upload(with_other_pixels(content)), "failed")
    assert record["findings"][0]["code"] == "study.instance-conflict"
    again = pipeline.wait_for(pipeline.upload(content), "archived")
    assert again["files"]["duplicates"] == 1

    uid = pipeline.http.get(f"/studies/{first}").json()["study_instance_uids"][0]

    def retrieved() -> httpx2.Response | None:
        answer = pipeline.http.get(f"/dicom-web/studies/{uid}/metadata")
        return answer if answer.status_code == 200 else None

    assert len(until(retrieved, "the study by its UID").json()) == 1
