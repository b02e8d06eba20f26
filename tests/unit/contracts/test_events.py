"""Events: CloudEvents 1.0 that any program can read, with stable ids and without PHI."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from contracts.channels import CHANNELS
from contracts.events import (
    ANY_EVENT,
    Event,
    ProcessingFailedData,
    RemovalReason,
    StudyArchived,
    StudyArchivedData,
    StudyDeleted,
    StudyDeletedData,
    StudyProcessingFailed,
    StudyUploaded,
    StudyUploadedData,
    StudyValidated,
    StudyValidationFailed,
    ValidationData,
)
from contracts.model import Contract
from contracts.report import FileCounts, Finding, FindingSummary, Severity

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SUMMARY = FindingSummary(
    code="pixel.length-short", severity=Severity.ERROR, message="Too short.", count=1
)

DATA: dict[type[Event], Contract] = {
    StudyUploaded: StudyUploadedData(directory=f"uploads/{STUDY}", file_count=1, size_bytes=39206),
    StudyValidated: ValidationData(
        directory=f"uploads/{STUDY}", files=FileCounts(accepted=1, rejected=0), findings=()
    ),
    StudyValidationFailed: ValidationData(
        directory=f"quarantine/{STUDY}",
        files=FileCounts(accepted=0, rejected=1),
        findings=(SUMMARY,),
    ),
    StudyArchived: StudyArchivedData(
        directory=f"archive/{STUDY}", instance_count=1, size_bytes=39206
    ),
    StudyProcessingFailed: ProcessingFailedData(
        event_id=uuid4(),
        event_type="study.uploaded",
        service="validator",
        deliveries=5,
        code="study.missing",
        message="The study's files are gone.",
    ),
    StudyDeleted: StudyDeletedData(removal=RemovalReason.DELETED, file_count=1, size_bytes=39206),
}
every_event = pytest.mark.parametrize("kind", list(DATA), ids=lambda kind: kind.__name__)


def example(kind: type[Event], **arguments: Any) -> Event:
    event: Event = kind.new(
        **{"source": "gateway", "subject": STUDY, "data": DATA[kind], **arguments}
    )
    return event


def as_json(event: Event) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(event.to_json())
    return content


def uploaded_with(**changes: Any) -> bytes:
    return json.dumps({**as_json(example(StudyUploaded)), **changes}).encode()


@every_event
def test_an_event_is_a_cloudevent_with_the_names_of_its_kind(kind: type[Event]) -> None:
    event = as_json(example(kind))
    [channel] = [channel for channel in CHANNELS if channel.event is kind]
    assert event["specversion"] == "1.0"
    assert event["datacontenttype"] == "application/json"
    assert event["type"] in {channel.address, "study.uploaded"}
    assert event["dataschema"] == f"urn:hdv:{event['type']}:1"
    assert event["source"] == "urn:hdv:gateway"
    assert event["subject"] == str(STUDY)
    assert UUID(event["id"])
    assert datetime.fromisoformat(event["time"]).tzinfo is not None


@every_event
def test_an_event_read_back_from_its_json_is_the_same_event_of_the_same_kind(
    kind: type[Event],
) -> None:
    event = example(kind, traceparent=TRACE)
    read = ANY_EVENT.validate_json(event.to_json())
    assert type(read) is kind
    assert read == event


@every_event
def test_an_event_says_whom_it_is_about_and_who_speaks(kind: type[Event]) -> None:
    event = example(kind, source="validator")
    assert event.study_id == STUDY
    assert event.service == "validator"


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        example(StudyUploaded).subject = uuid4()


def test_an_event_happens_now_unless_a_time_is_given() -> None:
    before = datetime.now(UTC)
    assert before <= example(StudyUploaded).time <= datetime.now(UTC)
    given = datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=2)))
    assert example(StudyUploaded, time=given).time == given


def test_each_upload_is_an_event_of_its_own() -> None:
    assert example(StudyUploaded).id != example(StudyUploaded).id


def test_handling_a_cause_twice_makes_the_same_event_twice() -> None:
    cause = example(StudyUploaded)
    once = example(StudyValidated, source="validator", cause=cause)
    again = example(StudyValidated, source="validator", cause=cause)
    assert once.id == again.id


def test_an_event_that_was_read_from_the_wire_is_the_same_cause() -> None:
    cause = example(StudyUploaded)
    read = ANY_EVENT.validate_json(cause.to_json())
    assert example(StudyValidated, cause=cause).id == example(StudyValidated, cause=read).id


def test_what_one_cause_leads_to_differs_by_kind_and_by_speaker() -> None:
    cause = example(StudyUploaded)
    ids = {
        cause.id,
        example(StudyValidated, source="validator", cause=cause).id,
        example(StudyProcessingFailed, source="validator", cause=cause).id,
        example(StudyProcessingFailed, source="descriptor", cause=cause).id,
        example(StudyValidated, source="validator", cause=example(StudyUploaded)).id,
    }
    assert len(ids) == 5


def test_the_trace_context_is_carried_from_the_upload_to_the_archive() -> None:
    uploaded = example(StudyUploaded, traceparent=TRACE)
    validated = example(StudyValidated, cause=uploaded)
    archived = example(StudyArchived, cause=ANY_EVENT.validate_json(validated.to_json()))
    assert archived.traceparent == TRACE


def test_without_a_trace_context_there_is_none_on_the_wire() -> None:
    assert "traceparent" not in as_json(example(StudyUploaded))


def test_fields_of_a_later_release_are_ignored() -> None:
    event = as_json(example(StudyUploaded))
    event["data"]["colour"] = "red"
    read = ANY_EVENT.validate_json(json.dumps({**event, "partitionkey": "1"}))
    assert as_json(read) == as_json(example(StudyUploaded, time=read.time)) | {"id": str(read.id)}


@pytest.mark.parametrize(
    "field", ["specversion", "id", "source", "type", "subject", "time", "dataschema", "data"]
)
def test_a_message_without_an_attribute_of_the_envelope_is_not_an_event(field: str) -> None:
    event = as_json(example(StudyUploaded))
    del event[field]
    with pytest.raises(ValidationError):
        ANY_EVENT.validate_json(json.dumps(event))


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"},
        {"type": "study.lost"},
        {"type": "study.archived"},
        {"dataschema": "urn:hdv:study.uploaded:2"},
        {"datacontenttype": "text/plain"},
        {"source": "https://example.org"},
        {"subject": "CT^1"},
        {"time": "2024-02-29T12:00:00"},
        {"traceparent": "00-DOE^JANE-01"},
        {"data": {"directory": "uploads/../etc", "file_count": 1, "size_bytes": 1}},
        {"data": {"directory": "/etc/passwd", "file_count": 1, "size_bytes": 1}},
        {"data": {"directory": "uploads/.incoming/x", "file_count": 1, "size_bytes": 1}},
        {"data": {"directory": "uploads//x", "file_count": 1, "size_bytes": 1}},
        {"data": {"directory": "uploads/x\n", "file_count": 1, "size_bytes": 1}},
        {"data": {"directory": "uploads/x", "file_count": 0, "size_bytes": 1}},
        {"data": {"directory": "uploads/x", "file_count": 1, "size_bytes": -1}},
    ],
    ids=str,
)
def test_what_breaks_the_contract_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ANY_EVENT.validate_json(uploaded_with(**changes))


def test_values_of_the_file_cannot_get_into_an_event_even_by_mistake() -> None:
    finding = Finding(
        code="value.invalid",
        severity=Severity.WARNING,
        message="The value is not of its VR.",
        path="(0010,0010)",
        keyword="PatientName",
        expected="a person's name",
        found="DOE^JANE",
    )
    data = ValidationData(
        directory=f"uploads/{STUDY}", files=FileCounts(accepted=0, rejected=0), findings=(finding,)
    )
    event = example(StudyValidated, data=data)
    assert b"DOE" not in event.to_json()
    [sent] = as_json(event)["data"]["findings"]
    assert sent.keys() == {"code", "severity", "message", "path", "keyword", "count"}


def test_no_schema_of_an_event_has_room_for_values_of_the_file() -> None:
    schema = ANY_EVENT.json_schema()
    fields = {
        field
        for definition in schema["$defs"].values()
        for field in definition.get("properties", {})
    }
    assert "findings" in fields
    assert not fields & {"found", "expected", "sent_as", "identity", "patient_id", "patient_name"}


def test_an_event_has_room_for_twenty_findings_at_most() -> None:
    with pytest.raises(ValidationError):
        ValidationData(
            directory="uploads/x",
            files=FileCounts(accepted=0, rejected=0),
            findings=(SUMMARY,) * 21,
        )
