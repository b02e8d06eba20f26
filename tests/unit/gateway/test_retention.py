"""Old studies are deleted by themselves: by age, by label, from archive and quarantine."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from contracts.report import Outcome
from gateway.deletion.deletion import Deletions
from gateway.retention import Ages, Retention
from kit.gateway import MemoryGateway, running
from storage.layout import METADATA, REPORT
from unit.gateway.studies_on_disk import OTHER, STUDY, Disk, Sent

VALID = Sent(b"valid", uid="1.2.1")
INVALID = Sent(b"short", uid="1.2.2", outcome=Outcome.REJECTED)
NOW = datetime(2026, 6, 30, tzinfo=UTC)
NEVER = Ages(None, {})


class Gateway(MemoryGateway):
    """A gateway in memory whose studies have an age."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.disk = Disk(root)

    def archive(self, *sent: Sent, study_id: UUID = STUDY, days: float, label: str = "") -> None:
        marker = self.disk.archive(*sent, study_id=study_id) / METADATA
        if label:
            before = '"provenance": {'
            text = marker.read_text()
            assert before in text
            marker.write_text(text.replace(before, f'{before} "label": "{label}",'))
        came_here(marker, days)

    def quarantine(self, *sent: Sent, study_id: UUID = STUDY, days: float) -> None:
        came_here(self.disk.quarantine(*sent, study_id=study_id) / REPORT, days)

    async def apply(self, archive: Ages = NEVER, quarantine: Ages = NEVER) -> None:
        await self.retention(archive, quarantine).apply(NOW)

    def retention(self, archive: Ages, quarantine: Ages) -> Retention:
        deletions: Deletions = self.service.http.state.provided[Deletions]
        found = Retention(
            self.volumes.studies, deletions, archive, quarantine, self.service.broker.connect
        )
        found._lease.take = always  # type: ignore[method-assign]
        return found

    @property
    def archived(self) -> set[str]:
        return {path.name for path in self.volumes.archive.glob("[!.]*")}

    @property
    def quarantined(self) -> set[str]:
        return {path.name for path in self.volumes.quarantine.glob("*-*")}

    @property
    def deleted(self) -> list[tuple[UUID, str]]:
        events: list[Any] = self.redis.events("study.deleted")
        return [(event.subject, event.data.removal) for event in events]


async def always() -> bool:
    return True


def came_here(marker: Path, days: float) -> None:
    time = (NOW - timedelta(days=days)).timestamp()
    os.utime(marker, (time, time))


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running(Gateway(tmp_path)) as gateway:
        yield gateway


async def test_by_default_nothing_is_deleted(gateway: Gateway) -> None:
    gateway.archive(VALID, days=10_000)
    gateway.quarantine(INVALID, study_id=OTHER, days=10_000)
    await gateway.apply()
    assert (gateway.archived, gateway.quarantined) == ({str(STUDY)}, {str(OTHER)})


async def test_archived_studies_are_deleted_by_age(gateway: Gateway) -> None:
    gateway.archive(VALID, days=31)
    gateway.archive(VALID, study_id=OTHER, days=29)
    await gateway.apply(archive=Ages(30, {}))
    assert gateway.archived == {str(OTHER)}
    assert gateway.deleted == [(STUDY, "purged")]
    [line] = (gateway.volumes.quarantine / "removed.ndjson").read_bytes().splitlines()
    entry = orjson.loads(line)
    assert (entry["place"], entry["requested_by"]) == ("archive", "retention")


@pytest.mark.parametrize(
    ("ages", "kept"),
    [
        (Ages(None, {"trial-42": 30}), {str(OTHER)}),
        (Ages(30, {"trial-42": 100}), {str(STUDY)}),
        (Ages(None, {"another": 1}), {str(STUDY), str(OTHER)}),
    ],
)
async def test_a_label_counts_more(gateway: Gateway, ages: Ages, kept: set[str]) -> None:
    gateway.archive(VALID, days=50, label="trial-42")
    gateway.archive(VALID, study_id=OTHER, days=50)
    await gateway.apply(archive=ages)
    assert gateway.archived == kept


async def test_a_failed_study_is_deleted_and_an_archived_one_keeps_its_archive(
    gateway: Gateway,
) -> None:
    gateway.quarantine(INVALID, study_id=OTHER, days=31)
    gateway.archive(VALID, INVALID, days=31)
    gateway.quarantine(INVALID, days=31)
    await gateway.apply(quarantine=Ages(30, {}))
    assert (gateway.archived, gateway.quarantined) == ({str(STUDY)}, set())
    assert gateway.deleted == [(OTHER, "purged")]


async def test_a_study_that_is_being_processed_stays(gateway: Gateway) -> None:
    gateway.archive(VALID, days=31)
    gateway.disk.upload(VALID)
    await gateway.apply(archive=Ages(30, {}))
    assert gateway.archived == {str(STUDY)}


async def test_a_broken_study_stays_and_stops_nothing(gateway: Gateway) -> None:
    gateway.archive(VALID, days=31)
    marker = gateway.disk.archive(VALID, study_id=OTHER) / METADATA
    marker.write_bytes(b"{")
    came_here(marker, 31)
    await gateway.apply(archive=Ages(30, {}))
    assert gateway.archived == {str(OTHER)}


async def test_after_a_failure_it_goes_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.archive(VALID, days=31)
    retention = gateway.retention(Ages(30, {}), NEVER)
    monkeypatch.setattr("gateway.retention.PERIOD_SECONDS", 0.001)
    apply, done = retention.apply, asyncio.Event()
    calls = 0

    async def fail_first(_: datetime) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError("no disk")
        await apply(NOW)
        done.set()

    monkeypatch.setattr(retention, "apply", fail_first)
    task = asyncio.create_task(retention.run())
    async with asyncio.timeout(10):
        await done.wait()
    task.cancel()
    assert gateway.archived == set()
