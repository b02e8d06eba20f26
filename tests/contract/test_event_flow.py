"""An upload's event makes exactly the events it should, in order, each as documented."""

import json

import pytest

from asyncapi.check import MessageCheck
from contract.flow import Flow
from contracts.channels import DEAD_LETTER
from contracts.events import StudyProcessingFailed, StudyValidationFailed
from contracts.status import State


async def test_a_valid_study_is_uploaded_validated_and_archived(flow: Flow, ct: bytes) -> None:
    event = await flow.upload(ct)

    assert flow.sent() == ["study.uploaded", "study.validated", "study.archived"]
    assert {sent.subject for sent in flow.events()} == {event.subject}
    assert (flow.volumes.archived(event.subject) / "original.dcm").read_bytes() == ct
    assert flow.records.all[event.subject].status is State.ARCHIVED


async def test_a_bad_file_makes_a_failed_validation_and_nothing_else(flow: Flow) -> None:
    event = await flow.upload(b"no image at all\n" * 50)

    assert flow.sent() == ["study.uploaded", "study.validation.failed"]
    [_, failed] = flow.events()
    assert isinstance(failed, StudyValidationFailed)
    assert failed.data.findings[0].code == "file.not-dicom"
    assert flow.records.all[event.subject].status is State.FAILED
    assert not flow.volumes.archived(event.subject).exists()


async def test_what_goes_on_the_stream_is_announced_on_the_live_channel(
    flow: Flow, ct: bytes
) -> None:
    await flow.upload(ct)

    streamed = [(m.address, m.body) for m in flow.messages if m.kind == "stream"]
    announced = [(m.address, m.body) for m in flow.messages if m.kind == "live"]
    assert sorted(streamed) == sorted(announced)


async def test_every_message_is_as_the_committed_document_says(
    flow: Flow, ct: bytes, check: MessageCheck
) -> None:
    await flow.upload(ct)
    await flow.upload(b"no image at all\n" * 50)

    assert len(flow.messages) == 10
    assert [violation for message in flow.messages for violation in check.violations(message)] == []


async def test_an_event_of_the_wrong_shape_is_refused(
    flow: Flow, ct: bytes, check: MessageCheck
) -> None:
    event = await flow.upload(ct)
    flow.messages.clear()
    wrong = json.loads(event.to_json())
    wrong["data"]["file_count"] = "many"

    await flow.send("uploads", json.dumps(wrong).encode())

    assert {letter["code"] for letter in flow.dead_letters} == {"event.invalid"}
    assert {letter["group"] for letter in flow.dead_letters} == {"validator", "status"}
    violations = [
        str(violation) for message in flow.messages for violation in check.violations(message)
    ]
    assert violations == [
        "study.uploaded at uploads: $.data.file_count must be of type integer.",
    ]
    [announced] = [m for m in flow.messages if m.kind == "stream" and m.address != "uploads"]
    failed = StudyProcessingFailed.model_validate_json(announced.body)
    assert failed.data.code == "event.invalid"
    # The study is in the archive; a broken copy of its event does not unmake that.
    assert flow.records.all[event.subject].status is State.ARCHIVED


@pytest.mark.parametrize("garbage", [b"", b"no json", b"[]", b"null", b"\xff\xfe", b"{}"])
async def test_what_is_no_event_at_all_goes_to_the_dead_letter(
    flow: Flow, garbage: bytes, check: MessageCheck
) -> None:
    await flow.send("study.validated", garbage)

    assert {letter["code"] for letter in flow.dead_letters} == {"event.invalid"}
    [message] = flow.messages
    assert (message.kind, message.address) == ("stream", "study.validated")
    assert check.violations(message) != []


async def test_dead_letters_are_as_the_committed_document_says(
    flow: Flow, check: MessageCheck
) -> None:
    await flow.send("uploads", b"\xff")

    assert len(flow.dead_letters) == 2
    for letter in flow.dead_letters:
        fields = {_bytes(name): _bytes(value) for name, value in letter.items()}
        assert fields[b"__data__"] == b"\xff"
        assert check.entry_violations(DEAD_LETTER, fields) == []


def _bytes(value: bytes | str | int) -> bytes:
    """As Redis keeps it."""
    return value if isinstance(value, bytes) else str(value).encode()


async def test_the_same_event_twice_gives_the_same_events_and_one_archive_entry(
    flow: Flow, ct: bytes
) -> None:
    event = await flow.upload(ct)
    metadata = (flow.volumes.archived(event.subject) / "metadata.json").read_bytes()

    await flow.gateway(event)

    assert flow.sent() == ["study.uploaded", "study.validated", "study.archived", "study.uploaded"]
    assert (flow.volumes.archived(event.subject) / "metadata.json").read_bytes() == metadata


async def test_the_event_of_a_study_that_is_gone_is_dead_lettered_at_once(
    flow: Flow, ct: bytes, check: MessageCheck
) -> None:
    event = await flow.upload(ct)
    flow.messages.clear()
    lost = event.model_copy(update={"subject": event.id})

    await flow.gateway(lost)

    [_, failed] = flow.events()
    assert isinstance(failed, StudyProcessingFailed)
    assert failed.data.code == "study.missing"
    assert [violation for message in flow.messages for violation in check.violations(message)] == []
    assert flow.records.all[lost.subject].status is State.ERROR


async def test_every_event_has_an_id_of_its_own(flow: Flow, ct: bytes) -> None:
    event = await flow.upload(ct)
    ids = [sent.id for sent in flow.events()]
    assert ids[0] == event.id
    assert len(set(ids)) == 3


async def test_the_trace_context_goes_all_the_way(flow: Flow, ct: bytes) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await flow.upload(ct, traceparent=trace)
    assert [sent.traceparent for sent in flow.events()] == [trace] * 3
