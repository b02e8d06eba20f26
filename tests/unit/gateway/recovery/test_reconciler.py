"""Uploads that Redis has lost are announced again; those that it works on, or that failed, not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from contracts.channels import UPLOADS, VALIDATED
from contracts.events import StudyUploaded
from contracts.intake import Intake, StoredFile
from contracts.places import Place
from contracts.status import State, StatusRecord
from gateway.recovery.reconciler import Reconciler
from gateway.settings import RecoverySettings
from gateway.uploads.announcing import Announcer
from gateway.uploads.idempotency import Idempotency
from kit.gateway import MemoryGateway, running
from storage.layout import INTAKE
from unit.gateway.uploads.test_upload import FILE

AT_ONCE = RecoverySettings(after_seconds=1e-6)


def unknown(_: httpx2.Request) -> httpx2.Response:
    """A status service that knows no study."""
    return httpx2.Response(404)


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[MemoryGateway]:
    made = MemoryGateway(tmp_path)
    made.answer = unknown
    async with running(made):
        yield made


def reconciler_of(
    gateway: MemoryGateway, settings: RecoverySettings = AT_ONCE
) -> tuple[Reconciler, Announcer]:
    """A reconciler like the gateway's own, but one that acts when it is called."""
    connect = gateway.service.broker.connect
    studies = gateway.volumes.studies
    keys = Idempotency(connect, studies, 60)
    announcer = Announcer(gateway.service.publisher(UPLOADS), keys, gateway.metrics, at_once=4)
    transport = httpx2.MockTransport(gateway.answer)
    reconciler = Reconciler(
        connect,
        studies,
        announcer,
        status=httpx2.AsyncClient(transport=transport, base_url="http://status"),
        settings=settings,
        metrics=gateway.metrics,
    )
    return reconciler, announcer


async def reconcile(gateway: MemoryGateway, settings: RecoverySettings = AT_ONCE) -> None:
    gateway.redis.leases.clear()  # that of the reconciler before
    await reconciler_of(gateway, settings)[0].reconcile()


async def upload(gateway: MemoryGateway, **headers: str) -> StudyUploaded:
    """Upload; the event that announced it."""
    answer = await gateway.client.post("/upload", files={"file": FILE}, headers=headers)
    assert answer.status_code == 202
    return gateway.published[-1]


def forget(gateway: MemoryGateway) -> None:
    """FLUSHALL."""
    redis = gateway.redis
    for everything in (redis.entries, redis.delivered, redis.values, redis.announced):
        everything.clear()


async def test_an_upload_that_redis_has_lost_is_announced_with_the_same_event(
    gateway: MemoryGateway,
) -> None:
    event = await upload(gateway)
    forget(gateway)
    with capture_logs() as lines:
        await reconcile(gateway)
    assert gateway.published == [event]
    assert "upload.announced_again" in [line["event"] for line in lines]
    assert b"hdv_uploads_announced_again_total" in gateway.metrics.exposition()


async def test_an_upload_is_left_alone_while_redis_has_work_for_it(gateway: MemoryGateway) -> None:
    event = await upload(gateway)
    await reconcile(gateway)  # it is not delivered yet
    gateway.redis.deliver(UPLOADS.address, "validator")
    await reconcile(gateway)
    gateway.redis.deliver(UPLOADS.address, "validator", finish=True)
    gateway.redis.append(VALIDATED.address, b'{"subject":"%s"}' % str(event.subject).encode())
    await reconcile(gateway)
    assert gateway.published == [event]
    gateway.redis.deliver(VALIDATED.address, "descriptor", finish=True)
    await reconcile(gateway)
    assert gateway.published == [event, event]


async def test_a_young_upload_is_left_to_the_request_that_announces_it(
    gateway: MemoryGateway,
) -> None:
    await upload(gateway)
    forget(gateway)
    await reconcile(gateway, RecoverySettings(after_seconds=60))
    assert gateway.published == []


async def test_an_upload_that_could_not_be_processed_waits_for_someone_who_acts(
    gateway: MemoryGateway,
) -> None:
    event = await upload(gateway)
    forget(gateway)
    record = StatusRecord(study_id=event.subject, status=State.ERROR, updated_at=datetime.now(UTC))
    gateway.answer = lambda _: httpx2.Response(200, content=record.to_json())
    await reconcile(gateway)
    assert gateway.published == []


async def test_without_the_status_service_nothing_is_announced(gateway: MemoryGateway) -> None:
    await upload(gateway)
    forget(gateway)
    gateway.answer = lambda _: httpx2.Response(503)
    with pytest.raises(httpx2.HTTPError):
        await reconcile(gateway)
    assert gateway.published == []


async def test_one_gateway_at_a_time_looks_for_lost_uploads(gateway: MemoryGateway) -> None:
    await upload(gateway)
    forget(gateway)
    gateway.redis.leases["recovery:lease"] = "another gateway"
    await reconciler_of(gateway)[0].reconcile()
    assert gateway.published == []


async def test_a_key_is_answered_again_when_its_upload_is_announced_again(
    gateway: MemoryGateway,
) -> None:
    event = await upload(gateway, **{"Idempotency-Key": "a"})
    forget(gateway)
    await reconcile(gateway)
    answer = await gateway.client.post(
        "/upload", files={"file": FILE}, headers={"Idempotency-Key": "a"}
    )
    assert answer.json()["study_id"] == str(event.subject)
    assert gateway.published == [event]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a"}], ids=["no key", "key"])
async def test_an_upload_that_comes_back_when_redis_has_finished_it_is_announced_again(
    gateway: MemoryGateway, headers: dict[str, str]
) -> None:
    """After a power cut: the removal of its files was not durable, or Redis lost what followed."""
    event = await upload(gateway, **headers)
    gateway.redis.deliver(UPLOADS.address, "validator", finish=True)
    await reconcile(gateway)
    assert gateway.published == [event, event]
    again = await gateway.client.post("/upload", files={"file": FILE}, headers=headers)
    assert (again.json()["study_id"] == str(event.subject)) is bool(headers)


async def test_an_upload_is_not_announced_twice_when_its_first_announcement_is_late(
    gateway: MemoryGateway,
) -> None:
    """The command of the request arrives after the reconciler has looked for work."""
    event = await upload(gateway)
    forget(gateway)

    def arrive() -> None:
        keys = [UPLOADS.address, f"announced:{event.subject}"]
        assert gateway.redis.announce(keys, [event.to_json(), 0, 3600])

    gateway.redis.before_write = arrive
    with capture_logs() as lines:
        await reconcile(gateway)
    assert gateway.published == [event]
    assert "upload.announced_again" not in [line["event"] for line in lines]


async def test_studies_that_were_divided_from_an_upload_are_announced_with_its_event(
    gateway: MemoryGateway,
) -> None:
    """The events that follow have the same ids then as those that were lost."""
    event = await upload(gateway)
    for _ in range(2):
        _divide(gateway, event)
    await reconcile(gateway)
    assert gateway.published == [event]  # the validator still has the upload
    forget(gateway)
    await reconcile(gateway)
    assert gateway.published == [event]  # once for all


async def test_a_study_whose_upload_is_gone_is_announced_by_itself(gateway: MemoryGateway) -> None:
    event = await upload(gateway)
    part = _divide(gateway, event)
    gateway.volumes.studies.remove(gateway.volumes.studies.uploaded(event.subject))
    forget(gateway)
    await reconcile(gateway)
    [announced] = gateway.published
    assert (announced.id, announced.subject) == (part.id, part.subject)
    assert announced.service == "gateway"


def _divide(gateway: MemoryGateway, event: StudyUploaded) -> StudyUploaded:
    """A study that the validator has divided from an upload; its event was never sent."""
    file = StoredFile(name="000001.dcm", size_bytes=1, sha256="0" * 64)
    study_id = uuid4()
    intake = Intake.new(study_id, [file], source="validator", cause=event, upload_id=event.subject)
    with gateway.volumes.studies.draft(Place.UPLOADS, study_id) as draft:
        draft.commit(INTAKE, lambda to: to.write(intake.to_json()))
    return intake.event


async def test_an_upload_whose_intake_is_broken_does_not_stop_the_others(
    gateway: MemoryGateway,
) -> None:
    broken, event = await upload(gateway), await upload(gateway)
    (gateway.volumes.uploaded(broken.subject) / INTAKE).write_bytes(b"DOE^JANE")
    forget(gateway)
    with capture_logs() as lines:
        await reconcile(gateway)
    assert gateway.published == [event]
    assert "recovery.unreadable" in [line["event"] for line in lines]
    assert "DOE" not in str(lines)


async def test_other_directories_and_incomplete_uploads_are_none(gateway: MemoryGateway) -> None:
    (gateway.volumes.uploads / "somebody's").mkdir()
    gateway.volumes.uploaded(UUID(int=1)).mkdir()
    await reconcile(gateway)
    assert gateway.published == []


async def test_the_gateway_looks_for_lost_uploads_by_itself_and_tries_again(tmp_path: Path) -> None:
    made = MemoryGateway(tmp_path, recovery={"period_seconds": 0.01, "after_seconds": 1e-6})
    announced = asyncio.Event()

    def unavailable_at_first(_: httpx2.Request) -> httpx2.Response:
        made.answer = unknown
        return httpx2.Response(503)

    made.answer = unavailable_at_first
    async with running(made) as gateway:
        event = await upload(gateway)
        gateway.redis.after_write = announced.set
        gateway.redis.entries.clear()
        await asyncio.wait_for(announced.wait(), 5)
        assert gateway.published == [event]
