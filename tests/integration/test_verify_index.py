"""`hdv verify` compares the index of UIDs with the archive."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from contracts.places import Place
from hdv.admin.verify_index import IndexCheck
from storage.index_rebuild import rebuild
from storage.uid_index import UidIndex
from storage.verification import verify_studies
from unit.gateway.studies_on_disk import OTHER, STUDY, Disk, Sent

ONE = Sent(b"one", uid="1.2.1")


@pytest.fixture
def index(client: Redis) -> UidIndex:
    async def connect() -> Redis:
        return client

    return UidIndex(connect)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    disk = Disk(tmp_path)
    disk.archive(ONE)
    return disk


async def found(client: Redis, disk: Disk) -> list[tuple[str, str]]:
    studies = disk.volumes.studies
    check = IndexCheck(client, studies)
    await check.check(verify_studies(list(studies.all(Place.ARCHIVE))))
    return [(finding.code, finding.study_id) for finding in await check.findings()]


async def rebuilt(client: Redis, disk: Disk) -> None:
    await rebuild(client, disk.volumes.studies, lambda *_: None)


async def test_nothing_is_found_in_an_index_of_the_archive(client: Redis, disk: Disk) -> None:
    await rebuilt(client, disk)
    assert await found(client, disk) == []


async def test_an_index_that_is_not_complete_is_found(client: Redis, disk: Disk) -> None:
    assert await found(client, disk) == [("index.incomplete", "")]


async def test_a_study_that_is_not_in_the_index_is_found(
    client: Redis, index: UidIndex, disk: Disk
) -> None:
    await rebuilt(client, disk)
    await index.forget(STUDY, ["1.2.1"], [], disk.volumes.studies)
    assert await found(client, disk) == [("index.missing", str(STUDY))]


async def test_a_study_that_is_in_the_index_only_is_found(
    client: Redis, index: UidIndex, disk: Disk
) -> None:
    await rebuilt(client, disk)
    await index.add_study(OTHER, ["1.2.9"])
    assert await found(client, disk) == [("index.orphan", str(OTHER))]
