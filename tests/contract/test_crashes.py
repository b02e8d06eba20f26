"""Each row of the tables in `docs/delivery.md`: the process ends after a step, and nothing is lost.

A handler is ended by an exception that no one catches, right after the step has had its effect. Its
message is still pending then, so the handler is called again, as another worker would be.
"""

import hashlib
import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from chassis.messaging.claims import Claim
from chassis.messaging.dead_letter import DeadLetters, Failure
from chassis.observability.metrics import Metrics
from contract.flow import Records
from contracts.events import CloudEvent, StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name
from contracts.report import Outcome
from descriptor.instance_description import InstanceDescription, undescribed
from descriptor.instances import Instance
from descriptor.study import Archiving, archive_study
from engine.profiles.profile import Profile
from engine.report import Report
from kit.uid_index import MemoryUidIndex
from kit.volumes import Volumes
from status.projection import updates_of
from storage.file_store import _FileDraft
from storage.layout import INTAKE, JOURNAL, METADATA, REPORT
from storage.stored_file import FileInStore
from storage.study_store import StudyStore
from unit.engine import dicom_writer as dicom
from validator.examine_file import examine_file
from validator.journal import Journal
from validator.profiles import ProfileLookup
from validator.results import Validated
from validator.study import Validation, validate_upload

UPLOAD = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
DOCUMENT = Path(__file__).parents[2] / "docs" / "delivery.md"


class Killed(BaseException):
    """The process has ended; no one catches this."""


@dataclass
class System:
    """The handlers of validator and descriptor on real directories."""

    volumes: Volumes
    index: MemoryUidIndex = field(default_factory=MemoryUidIndex)

    def upload(self, *contents: bytes) -> None:
        """Store an upload as the gateway does."""
        files = []
        with self.volumes.studies.draft(Place.UPLOADS, UPLOAD) as draft:
            for number, content in enumerate(contents, start=1):
                name, sha256 = stored_name(number), hashlib.sha256(content).hexdigest()
                files.append(StoredFile(name=name, size_bytes=len(content), sha256=sha256))
                with draft.create(name) as file:
                    file.write(content)
            intake = Intake.new(UPLOAD, files)
            draft.commit(INTAKE, lambda file: file.write(intake.to_json()))

    async def validate(self) -> list[Validated]:
        """Handle `study.uploaded`."""
        profile = Profile()
        validation = Validation(
            studies=self.volumes.studies,
            examine=self.examine,
            profile=ProfileLookup(profile, None, profile.limits),
            index=self.index,
            at_once=1,
        )
        return await validate_upload(UPLOAD, validation, lambda _: None)

    async def archive(self, study_id: UUID) -> object:
        """Handle `study.validated`."""
        archiving = Archiving(self.volumes.studies, self.describe, self.index, self.preview)
        return await archive_study(study_id, archiving)

    async def examine(self, paths: Sequence[Path], profile: Profile) -> list[Report]:
        return [examine_file(str(path), profile) for path in paths]

    async def describe(
        self, _: Sequence[Path], instances: Sequence[Instance], *, is_whole: bool
    ) -> list[InstanceDescription]:
        assert is_whole
        return [undescribed(instance.identity) for instance in instances]

    async def preview(self, study_id: UUID) -> None:
        self.volumes.studies.preview(study_id).put(b"a picture")

    def stored(self) -> dict[str, str]:
        """Every file and its digest; of documents, which have times in them, only the name."""
        roots = (self.volumes.uploads, self.volumes.quarantine, self.volumes.archive)
        return {
            str(path.relative_to(root.parent)): (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.suffix == ".dcm" else ""
            )
            for root in roots
            for path in root.rglob("*")
            if path.is_file() and ".incoming" not in path.parts
        }


def image(uid: str, study: str) -> bytes:
    dataset = dicom.ct()
    dataset[0x00080018] = ("UI", dicom.uid(uid))
    dataset[0x0020000D] = ("UI", dicom.uid(study))
    dataset[0x0020000E] = ("UI", dicom.uid(f"{study}.1"))
    group_2 = dicom.with_length(dicom.encode(dicom.meta(sop_instance=dicom.uid(uid))))
    return dicom.part10(dataset, group_2=group_2)


MIXED = (image("1.2.1", "1.9.1"), image("1.2.2", "1.9.2"), image("1.2.3", "1.9.3"), b"no DICOM")
"""An upload of three studies and a file that is rejected."""
INVALID = (b"no DICOM", b"no image")


class Row(NamedTuple):
    """A step of a handler, and how to find the moment after it."""

    service: str
    step: str
    owner: Any
    method: str
    when: Callable[..., bool] = lambda *_: True
    contents: tuple[bytes, ...] = MIXED


def _marker(name: str) -> Callable[..., bool]:
    return lambda _, marker, *__: marker == name


def _file(name: str) -> Callable[..., bool]:
    return lambda file, *_: file.name == name


ROWS = [
    Row("Validator", "files examined", Journal, "append"),
    Row("Validator", "UIDs reserved", MemoryUidIndex, "reserve"),
    Row("Validator", "report written", FileInStore, "put", _file(REPORT)),
    Row("Validator", "journal removed", FileInStore, "remove", _file(JOURNAL)),
    Row("Validator", "folder of a further study committed", _FileDraft, "commit", _marker(INTAKE)),
    Row("Validator", "upload moved to quarantine", StudyStore, "move", contents=INVALID),
    Row("Descriptor", "instances described", System, "describe"),
    Row("Descriptor", "UIDs reserved again", MemoryUidIndex, "reserve"),
    Row("Descriptor", "folder committed to the archive", _FileDraft, "commit", _marker(METADATA)),
    Row(
        "Descriptor", "rejected files committed to quarantine",
        _FileDraft, "commit", _marker(REPORT),
    ),
    Row("Descriptor", "upload removed", StudyStore, "remove"),
    Row("Descriptor", "study entered in the index", MemoryUidIndex, "add_study"),
    Row("Descriptor", "picture stored", System, "preview"),
]  # fmt: skip


def kill_after(monkeypatch: pytest.MonkeyPatch, row: Row, crashes: list[str]) -> None:
    """End the process after the first time that a step is done, and note that."""
    original = getattr(row.owner, row.method)

    def end(arguments: tuple[Any, ...]) -> None:
        if row.when(*arguments) and not crashes:
            crashes.append(row.step)
            raise Killed

    @wraps(original)
    async def asynchronous(*arguments: Any, **options: Any) -> Any:
        result = await original(*arguments, **options)
        end(arguments)
        return result

    @wraps(original)
    def synchronous(*arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        end(arguments)
        return result

    is_async = inspect.iscoroutinefunction(original)
    monkeypatch.setattr(row.owner, row.method, asynchronous if is_async else synchronous)


async def again(handle: Callable[[], Awaitable[Any]]) -> Any:
    """Call a handler, and again if its process ends."""
    try:
        return await handle()
    except* Killed:
        pass
    return await handle()


Arm = Callable[[str], None]


async def run(
    system: System, contents: Sequence[bytes], arm: Arm = lambda _: None
) -> tuple[list[Any], dict[str, str]]:
    """Take an upload through validator and descriptor.

    Args:
        system: the system.
        contents: the files.
        arm: called with the name of a service before its handler.

    Returns:
        What is announced, and what is stored.
    """
    system.upload(*contents)
    arm("Validator")
    validated: list[Validated] = await again(system.validate)
    announced: list[Any] = [(study.study_id, study.outcome, study.data) for study in validated]
    arm("Descriptor")
    accepted = [study.study_id for study in validated if study.outcome is Outcome.ACCEPTED]
    announced += [await again(partial(system.archive, study_id)) for study_id in accepted]
    return announced, system.stored()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service}: {row.step}")
async def test_after_a_crash_the_result_is_that_of_a_run_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    monkeypatch.setattr("validator.examine.NOTE_SECONDS", 0.0)
    monkeypatch.setattr("validator.examine.FILES_AT_ONCE", 1)
    expected = await run(System(Volumes.below(tmp_path / "expected")), row.contents)
    crashes: list[str] = []

    def arm(service: str) -> None:
        if service == row.service:
            kill_after(monkeypatch, row, crashes)

    result = await run(System(Volumes.below(tmp_path / "crashed")), row.contents, arm)

    assert crashes == [row.step]
    assert result == expected
    _, stored = result
    assert not [name for name in stored if name.startswith("uploads/")]


async def test_validator_and_descriptor_announce_the_same_if_nothing_was_acknowledged(
    tmp_path: Path,
) -> None:
    system = System(Volumes.below(tmp_path))
    system.upload(*MIXED)
    first, second = await system.validate(), await system.validate()
    assert [study.data for study in first] == [study.data for study in second]
    for study in first:
        assert await system.archive(study.study_id) == await system.archive(study.study_id)


async def test_the_status_service_may_apply_an_update_again() -> None:
    data = StudyUploadedData(directory=f"uploads/{UPLOAD}", file_count=1, size_bytes=1)
    event = StudyUploaded.new(source="gateway", subject=UPLOAD, data=data)
    records = Records()
    first = await records.apply(UPLOAD, updates_of(event))
    assert await records.apply(UPLOAD, updates_of(event)) == first


class Multi:
    """A MULTI; the process ends before the first one is executed."""

    def __init__(self) -> None:
        self.executed: list[list[str]] = []
        self.queued: list[str] = []
        self.crashes = 1

    async def connect(self) -> Any:
        return self

    def pipeline(self, **_: object) -> "Multi":
        self.queued = []
        return self

    async def __aenter__(self) -> "Multi":
        return self

    async def __aexit__(self, *_: object) -> None:
        """What was not executed is forgotten."""

    def xadd(self, *_: object, **__: object) -> None:
        self.queued.append("dead letter")

    def xack(self, *_: object) -> None:
        self.queued.append("acknowledgement")

    async def queue(self, event: CloudEvent, _: object) -> None:
        self.queued.append(f"{event.type} {event.id}")

    def note(self, _: object) -> None:
        """Nothing is counted."""

    async def execute(self) -> None:
        if self.crashes:
            self.crashes -= 1
            raise Killed
        self.executed.append(self.queued)


async def test_a_message_may_be_given_to_the_dead_letters_again() -> None:
    data = StudyUploadedData(directory=f"uploads/{UPLOAD}", file_count=1, size_bytes=1)
    event = StudyUploaded.new(source="gateway", subject=UPLOAD, data=data)
    redis: Any = Multi()
    dead_letters = DeadLetters(redis, "validator", Metrics("validator"), redis)
    released: list[UUID] = []

    async def release(study_id: UUID) -> None:
        released.append(study_id)

    dead_letters.when_failed.append(release)
    claim = Claim("uploads", "validator", "here-1", b"17-0", deliveries=8)
    failure = Failure("delivery.failed", "It failed every time.")
    await again(lambda: dead_letters.move(claim, {}, event.to_json(), failure))

    assert released == [UPLOAD, UPLOAD]
    [[letter, announced, acknowledged]] = redis.executed
    assert (letter, acknowledged) == ("dead letter", "acknowledgement")
    assert announced.startswith("study.processing.failed")


def test_the_page_has_exactly_the_steps_that_are_tested() -> None:
    for service in ("Validator", "Descriptor"):
        section = DOCUMENT.read_text().partition(f"## {service}:")[2].partition("\n## ")[0]
        steps = re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE)[1:]
        *tested, sent = steps
        assert tested == [row.step for row in ROWS if row.service == service]
        assert sent.endswith("sent and message acknowledged")
