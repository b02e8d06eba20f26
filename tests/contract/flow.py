"""All services in memory: their real handlers on FastStream's test broker, and a recorder."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import AsyncMock, MagicMock
from uuid import UUID, uuid4

from faststream import Context
from faststream.message import StreamMessage
from faststream.redis import RedisBroker, StreamSub, TestRedisBroker

import descriptor.app
import gateway.app
import status.app
import validator.app
from asyncapi.check import Kind, Recorded
from chassis.messaging.broker import BrokerLog, CloudEventFormat
from chassis.runtime.settings import load
from contracts.channels import CHANNELS, UPLOADS
from contracts.events import ANY_EVENT, CloudEvent, StudyUploaded
from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name
from contracts.status import StatusRecord, StatusUpdate
from descriptor.description import describe_instance
from descriptor.instance_description import InstanceDescription
from descriptor.instances import Instance
from descriptor.settings import DescriptorSettings
from engine.profiles.profile import Profile
from engine.report import Report
from gateway.settings import GatewaySettings
from kit.uid_index import MemoryUidIndex
from kit.volumes import Volumes
from status.record import advance
from status.settings import StatusSettings
from status.store import Page, StudyUpdates, Wanted
from storage.layout import INTAKE
from storage.study_store import StudyStore
from validator.examine_file import examine_file
from validator.settings import ValidatorSettings


class Records:
    """Status records in a dictionary."""

    def __init__(self) -> None:
        self.all: dict[UUID, StatusRecord] = {}

    async def get(self, study_id: UUID) -> StatusRecord | None:
        return self.all.get(study_id)

    async def apply(self, study_id: UUID, updates: Sequence[StatusUpdate]) -> StatusRecord:
        for update in updates:
            self.all[study_id] = advance(self.all.get(study_id), study_id, update)
        return self.all[study_id]

    async def apply_all(self, updates: Sequence[StudyUpdates]) -> list[StatusRecord | Exception]:
        return [await self.apply(study_id, further) for study_id, further in updates]

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        raise NotImplementedError


@dataclass
class Flow:
    """What the services did to an event."""

    volumes: Volumes
    studies: StudyStore
    recorder: RedisBroker
    gateway: Any
    messages: list[Recorded] = field(default_factory=list)
    """Everything that was sent, in order, byte for byte."""
    dead_letters: list[dict[Any, Any]] = field(default_factory=list)
    records: Records = field(default_factory=Records)
    index: MemoryUidIndex = field(default_factory=MemoryUidIndex)

    def events(self, kind: Kind = "stream") -> list[CloudEvent]:
        """The events that were sent, in order."""
        return [
            ANY_EVENT.validate_json(message.body)
            for message in self.messages
            if message.kind == kind
        ]

    def sent(self) -> list[str]:
        """The types of the events on the streams, in order."""
        return [event.type for event in self.events()]

    async def upload(
        self, *contents: bytes, traceparent: str | None = None, **facts: Any
    ) -> StudyUploaded:
        """Store an upload and publish its event as the gateway does."""

        study_id = uuid4()
        files = []
        with self.studies.draft(Place.UPLOADS, study_id) as draft:
            for number, content in enumerate(contents, start=1):
                name, sha256 = stored_name(number), hashlib.sha256(content).hexdigest()
                files.append(StoredFile(name=name, size_bytes=len(content), sha256=sha256))
                with draft.create(name) as file:
                    file.write(content)
            intake = Intake.new(study_id, files, traceparent=traceparent, **facts)
            draft.commit(INTAKE, lambda file: file.write(intake.to_json()))
        event = intake.event
        await self.gateway(event)
        return event

    async def send(self, address: str, body: bytes) -> None:
        """Put anything on a stream, as a foreign program might."""
        # The test broker finds its pending entry again by what the wire format reads as the id.
        _, headers = CloudEventFormat.parse(body)
        await self.recorder.publish(body, stream=address, correlation_id=headers["correlation_id"])


async def _examine(paths: Sequence[Path], profile: Profile) -> list[Report]:
    return [examine_file(str(path), profile) for path in paths]


async def _describe(
    paths: Sequence[Path],
    instances: Sequence[Instance],
    *,
    is_whole: bool,  # noqa: ARG001 -- no pictures are looked for here
) -> list[InstanceDescription]:
    return [describe_instance(path, i.file) for path, i in zip(paths, instances, strict=True)]


@asynccontextmanager
async def running_flow(directory: Path) -> AsyncIterator[Flow]:
    """The four services' brokers in one in-memory context."""
    places: dict[str, Any] = {
        f"{name}_dir": directory / name for name in ("uploads", "quarantine", "archive")
    }
    gateway_settings = load(GatewaySettings, **places)
    recorder = RedisBroker(message_format=CloudEventFormat, logger=BrokerLog())
    records = Records()
    front = gateway.app.create_app(gateway_settings)
    flow = Flow(
        Volumes.of(gateway_settings), gateway_settings.studies, recorder, None, records=records
    )
    services = [
        front,
        validator.app.create_app(
            load(ValidatorSettings, **places), examine=_examine, index=flow.index
        ),
        descriptor.app.create_app(
            load(DescriptorSettings, **places, previews=False),
            describe=_describe,
            index=flow.index,
        ),
        status.app.create_app(load(StatusSettings), store=records),
    ]
    flow.studies.store.prepare(Place)
    for channel in CHANNELS:
        address = channel.address
        recorder.subscriber(stream=StreamSub(address))(_note(flow, "stream", address))
        recorder.subscriber(address)(_note(flow, "live", address))
    brokers = [recorder, *(service.broker for service in services)]
    async with TestRedisBroker(*brokers):
        for broker in brokers:
            client = await broker.connect()
            client.pipeline = lambda **_: _pipeline(flow)  # type: ignore[method-assign]
            client.ping = AsyncMock()  # type: ignore[method-assign]
        flow.gateway = _publisher(front)
        yield flow


def _note(flow: Flow, kind: Kind, address: str) -> Callable[[Any], Awaitable[None]]:
    async def note(message: Annotated[StreamMessage[Any], Context("message")]) -> None:
        flow.messages.append(Recorded(kind, address, message.body))

    return note


def _publisher(service: Any) -> Callable[[StudyUploaded], Awaitable[None]]:
    """The gateway's own two publishers of uploads, as its upload route uses them."""
    publishers = [
        publisher
        for publisher in service.broker.publishers
        if UPLOADS.address in {_name(publisher, "stream"), _name(publisher, "channel")}
    ]

    async def publish(event: StudyUploaded) -> None:
        for publisher in publishers:
            await publisher.publish(event, correlation_id=str(event.id))

    return publish


def _name(publisher: Any, kind: str) -> str | None:
    return getattr(getattr(publisher, kind, None), "name", None)


def _pipeline(flow: Flow) -> MagicMock:
    """A MULTI that keeps the dead letters; publishing goes through the test broker anyway."""
    pipeline = MagicMock()
    pipeline.__aenter__ = AsyncMock(return_value=pipeline)
    pipeline.execute = AsyncMock()
    pipeline.xadd.side_effect = lambda _stream, entry, **_: flow.dead_letters.append(entry)
    return pipeline
