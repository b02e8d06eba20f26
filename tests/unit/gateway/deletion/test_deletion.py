"""DELETE /studies/{study_id}: only the trail of the study stays, whatever fails."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis.messaging.lease import Lease
from contracts.events import RemovalReason, StudyDeleted
from contracts.places import Place
from contracts.report import Outcome
from contracts.status import HistoryEntry, State, StatusRecord
from gateway.deletion.deletion import Deletions
from kit.gateway import MemoryGateway, running
from kit.problems import assert_problem
from storage.file_store import FileStore
from storage.uid_index import STUDIES, UidIndex
from unit.gateway.studies_on_disk import OTHER, STUDY, UPLOADED, Disk, Sent

VALID = Sent(b"valid", uid="1.2.1")
INVALID = Sent(b"short", uid="1.2.2", outcome=Outcome.REJECTED)


class Gateway(MemoryGateway):
    """A gateway in memory that deletes studies."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.disk = Disk(root)

    async def delete(self) -> httpx2.Response:
        return await self.client.delete(f"/studies/{STUDY}")

    def is_known_as(self, state: State) -> None:
        """Let the status service know the study."""
        entry = HistoryEntry(state=state, time=UPLOADED, service="validator")
        record = StatusRecord(study_id=STUDY, status=state, updated_at=UPLOADED, history=(entry,))
        self.answer = lambda _: httpx2.Response(200, content=record.to_json())

    @property
    def deletions(self) -> Deletions:
        found: Deletions = self.service.http.state.provided[Deletions]
        return found

    @property
    def deleted(self) -> list[StudyDeleted]:
        """The events about it, oldest first."""
        events = self.redis.events("study.deleted")
        return [event for event in events if isinstance(event, StudyDeleted)]

    @property
    def trail(self) -> list[tuple[str, str, str]]:
        """Place, name and digest of every file in the audit trail."""
        path = self.volumes.quarantine / "removed.ndjson"
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert {line["study_id"] for line in lines} == {str(STUDY)}
        return [(line["place"], line["file"], line["sha256"]) for line in lines]

    @property
    def is_gone(self) -> bool:
        """Whether nothing of the study is on the disk, nor a note of its deletion."""
        everything = [*self.volumes.uploads.rglob("*"), *self.volumes.archive.rglob("*")]
        everything += self.volumes.quarantine.rglob("*")
        return not [path for path in everything if str(STUDY) in str(path)]


@pytest.fixture
async def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    async def taken_by_another(_: Lease) -> bool:
        return False

    # Here only the tests finish deletions.
    monkeypatch.setattr(Lease, "take", taken_by_another)
    async with running(Gateway(tmp_path)) as gateway:
        yield gateway


async def test_a_study_is_deleted_from_archive_and_quarantine(gateway: Gateway) -> None:
    gateway.disk.archive(VALID, INVALID)
    gateway.disk.quarantine(INVALID)
    gateway.disk.preview(b"png")
    gateway.redis.sets[f"{STUDIES}1.2.3"] = {str(STUDY)}

    assert (await gateway.delete()).status_code == 204

    assert gateway.is_gone
    assert gateway.trail == [
        ("archive", "original.dcm", VALID.sha256),
        ("quarantine", "000001.dcm", INVALID.sha256),
    ]
    [event] = gateway.deleted
    assert event.subject == STUDY
    assert (event.data.removal, event.data.file_count, event.data.size_bytes) == ("deleted", 2, 10)
    assert not gateway.redis.sets[f"{STUDIES}1.2.3"]


async def test_the_trail_says_who_and_why(gateway: Gateway) -> None:
    gateway.disk.quarantine(INVALID)
    await gateway.delete()
    [line] = (gateway.volumes.quarantine / "removed.ndjson").read_bytes().splitlines()
    entry = orjson.loads(line)
    assert (entry["reason"], entry["requested_by"]) == ("deleted", "127.0.0.1")
    assert entry.keys() == {
        "time", "study_id", "place", "file", "sha256", "reason", "requested_by",
    }  # fmt: skip


async def test_bytes_that_another_study_shares_stay(gateway: Gateway) -> None:
    first = gateway.disk.archive(VALID) / "original.dcm"
    other = gateway.disk.archive(VALID, study_id=OTHER) / "original.dcm"
    other.unlink()
    os.link(first, other)
    await gateway.delete()
    assert other.read_bytes() == b"valid"


@pytest.mark.parametrize("state", [State.UPLOADED, State.VALIDATING, State.ARCHIVED])
async def test_a_study_that_is_being_processed_is_not_deleted(
    gateway: Gateway, state: State
) -> None:
    gateway.disk.upload(VALID)
    gateway.is_known_as(state)
    assert_problem(await gateway.delete(), 409, "study-in-progress")
    assert gateway.volumes.uploaded(STUDY).is_dir()
    assert not gateway.deleted


async def test_a_study_in_error_is_deleted_from_the_uploads(gateway: Gateway) -> None:
    gateway.disk.upload(VALID)
    gateway.is_known_as(State.ERROR)
    assert (await gateway.delete()).status_code == 204
    assert gateway.is_gone
    assert gateway.trail == [("uploads", "000001.dcm", VALID.sha256)]


async def test_a_study_without_files_is_deleted_by_its_record(gateway: Gateway) -> None:
    gateway.is_known_as(State.FAILED)
    assert (await gateway.delete()).status_code == 204
    assert [event.data.file_count for event in gateway.deleted] == [0]


async def test_deleting_again_changes_nothing(gateway: Gateway) -> None:
    gateway.is_known_as(State.DELETED)
    assert (await gateway.delete()).status_code == 204
    assert not gateway.deleted


async def test_an_unknown_study_is_not_found(gateway: Gateway) -> None:
    gateway.answer = lambda _: httpx2.Response(404)
    assert_problem(await gateway.delete(), 404, "unknown-study")


async def test_while_redis_is_unavailable_the_deletion_waits(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.disk.archive(VALID)
    gateway.redis.unavailable = RedisConnectionError("gone")
    assert_problem(await gateway.delete(), 503, "event-bus-unavailable")
    gateway.redis.come_back()
    await gateway.deletions.finish_interrupted()  # it is too young
    assert not gateway.deleted

    monkeypatch.setattr("gateway.deletion.deletion.PERIOD_SECONDS", -1.0)
    await gateway.deletions.finish_interrupted()
    assert gateway.is_gone
    assert len(gateway.deleted) == len(gateway.trail) == 1


class Crash(BaseException):
    """The process ends here."""


STEPS: dict[str, tuple[type[Any], str]] = {
    "the note": (UidIndex, "forget"),
    "the UIDs are free": (Deletions, "_remove"),
    "the preview": (FileStore, "remove_directory"),
    "the event": (FileStore, "remove"),
}
"""What a crash keeps from being done, by what was done before."""


@pytest.mark.parametrize("step", STEPS)
async def test_a_deletion_that_stops_after_any_step_is_finished_later(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    gateway.disk.archive(VALID, INVALID)
    gateway.disk.quarantine(INVALID)
    monkeypatch.setattr("gateway.deletion.deletion.PERIOD_SECONDS", -1.0)
    owner, name = STEPS[step]
    original = getattr(owner, name)

    def crash(*arguments: Any, **options: Any) -> Any:
        if name == "remove" and not next(iter(arguments[1])).endswith(".json"):
            return original(*arguments, **options)  # the preview
        raise Crash

    with monkeypatch.context() as crashing:
        crashing.setattr(owner, name, crash)
        with pytest.raises(Crash):
            await gateway.deletions.delete(STUDY, RemovalReason.DELETED, "127.0.0.1")
    await gateway.deletions.finish_interrupted()

    assert gateway.is_gone
    assert len(gateway.trail) == 2
    assert len({event.id for event in gateway.deleted}) == 1
    assert {place for place, _, _ in gateway.trail} == {Place.ARCHIVE, Place.QUARANTINE}
