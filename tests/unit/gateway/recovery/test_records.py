"""Status records are rebuilt from the store, and corrected; how the real services do it is tested
on a real Redis."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from contracts.events import RemovalReason
from contracts.report import Outcome
from contracts.status import RECORDS_COMPLETE, State, StatusRecord, StudyStatusUpdates
from gateway.deletion.audit_trail import Removal, locked
from gateway.recovery.records import RecordRecovery
from status.record import advance
from storage.layout import REMOVED
from unit.gateway.studies_on_disk import OTHER, STUDY, UPLOADED, Disk, Sent

VALID = Sent(b"valid", uid="1.2.1")
INVALID = Sent(b"short", uid="1.2.2", outcome=Outcome.REJECTED)


class Bus:
    """As much of Redis and of the status service as the recovery needs."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.taken_by_another = False
        self.records: dict[UUID, StatusRecord] = {}
        self.written = 0

    async def connect(self) -> Any:
        return self

    async def exists(self, key: str) -> bool:
        return key in self.keys

    async def set(self, key: str, _: int) -> None:
        self.keys.add(key)

    async def eval(self, *_: object) -> int:
        return 0 if self.taken_by_another else 1

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            for update in StudyStatusUpdates.model_validate_json(request.content).updates:
                self.written += 1
                known = self.records.get(update.study_id)
                self.records[update.study_id] = advance(known, update.study_id, update)
            return httpx2.Response(200, json={"studies": 1})
        wanted = request.url.params["status"]
        found = [record for record in self.records.values() if record.status == wanted]
        body = {"studies": [record.model_dump(mode="json") for record in found]}
        return httpx2.Response(200, json=body)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def recovery(disk: Disk, bus: Bus) -> RecordRecovery:
    transport = httpx2.MockTransport(bus.answer)
    client = httpx2.AsyncClient(transport=transport, base_url="http://status")
    return RecordRecovery(disk.volumes.studies, client, bus.connect)


def record(state: State, study_id: UUID = STUDY) -> StatusRecord:
    return StatusRecord(
        study_id=study_id,
        status=state,
        updated_at=UPLOADED,
        history=({"state": state, "time": UPLOADED, "service": "gateway"},),
    )


async def test_every_study_gets_a_record(recovery: RecordRecovery, bus: Bus, disk: Disk) -> None:
    waiting = uuid4()
    disk.archive(VALID, INVALID)
    disk.quarantine(INVALID)
    disk.quarantine(INVALID, study_id=OTHER)
    disk.upload(VALID, study_id=waiting, validated=False)

    with capture_logs() as lines:
        await recovery.restore_if_lost()

    states = {study_id: found.status for study_id, found in bus.records.items()}
    assert states == {
        STUDY: State.ARCHIVED, OTHER: State.FAILED, waiting: State.UPLOADED,
    }  # fmt: skip
    files = bus.records[STUDY].files
    assert files
    assert (files.accepted, files.rejected) == (1, 1)
    assert [line["studies"] for line in lines if line["event"] == "records.restored"] == [3]


async def test_studies_that_were_deleted_get_their_records_from_the_trail(
    recovery: RecordRecovery, bus: Bus, disk: Disk
) -> None:
    """Of a study that is still somewhere, only files were removed."""
    disk.archive(VALID)
    disk.quarantine(INVALID, study_id=OTHER)
    deleted = uuid4()
    with locked(disk.volumes.studies.removals) as trail:
        trail.append([
            Removal(
                study_id=study_id, file=file, sha256=VALID.sha256, reason=RemovalReason.DELETED
            )
            for study_id, file in ((STUDY, "000002.dcm"), (deleted, "1.dcm"), (deleted, "2.dcm"))
        ])  # fmt: skip
    trail_file = disk.volumes.quarantine / REMOVED
    trail_file.write_bytes(b"edited\n" + trail_file.read_bytes())
    with capture_logs() as lines:
        await recovery.restore_if_lost()
    states = {study_id: found.status for study_id, found in bus.records.items()}
    assert states == {STUDY: State.ARCHIVED, OTHER: State.FAILED, deleted: State.DELETED}
    assert "records.trail_unreadable" in [line["event"] for line in lines]


async def test_records_that_redis_has_are_not_rebuilt(
    recovery: RecordRecovery, bus: Bus, disk: Disk
) -> None:
    await recovery.restore_if_lost()
    assert RECORDS_COMPLETE in bus.keys
    disk.archive(VALID)
    await recovery.restore_if_lost()
    assert not bus.records


async def test_one_gateway_at_a_time_rebuilds(
    recovery: RecordRecovery, bus: Bus, disk: Disk
) -> None:
    disk.archive(VALID)
    bus.taken_by_another = True
    await recovery.restore_if_lost()
    await recovery.correct()
    assert not bus.records
    assert not bus.keys


@pytest.mark.parametrize("state", [State.VALIDATING, State.ARCHIVING, State.ERROR])
async def test_a_record_that_is_behind_is_corrected(
    recovery: RecordRecovery, bus: Bus, disk: Disk, state: State
) -> None:
    disk.archive(VALID)
    disk.quarantine(INVALID, study_id=OTHER)
    bus.records = {STUDY: record(state), OTHER: record(state, OTHER)}
    await recovery.correct()
    assert bus.records[STUDY].status is State.ARCHIVED
    assert bus.records[OTHER].status is State.FAILED


async def test_records_of_studies_that_wait_or_are_nowhere_stay_as_they_are(
    recovery: RecordRecovery, bus: Bus, disk: Disk
) -> None:
    disk.upload(VALID)
    bus.records = {STUDY: record(State.VALIDATING), OTHER: record(State.ERROR, OTHER)}
    await recovery.correct()
    assert not bus.written


async def test_an_outage_is_waited_out(
    recovery: RecordRecovery, bus: Bus, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.recovery.records.PERIOD_SECONDS", 0.0)
    monkeypatch.setattr("gateway.recovery.records.random.uniform", lambda *_: 0.0)
    disk.archive(VALID)
    restored = asyncio.Event()
    exists = bus.exists
    calls = 0

    async def unavailable_at_first(key: str) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RedisConnectionError("gone")
        if STUDY in bus.records:
            restored.set()
        return await exists(key)

    monkeypatch.setattr(bus, "exists", unavailable_at_first)
    task = asyncio.create_task(recovery.run())
    async with asyncio.timeout(10):
        await restored.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
