"""An upload's event makes exactly the events it should, in order, each as documented."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from contract.flow import Flow
from contracts.events import CloudEvent
from contracts.status import State

Breaches = Callable[[str, str, dict[str, Any]], list[str]]


async def test_a_sound_study_is_uploaded_validated_and_archived(flow: Flow, ct: bytes) -> None:
    event = await flow.upload(ct)

    assert flow.sent() == ["study.uploaded", "study.validated", "study.archived"]
    assert {message["subject"] for _, _, message in flow.messages} == {str(event.subject)}
    assert (flow.volumes.archived(event.subject) / "original.dcm").read_bytes() == ct
    assert flow.records.all[event.subject].status is State.ARCHIVED


async def test_a_bad_file_makes_a_failed_validation_and_nothing_else(flow: Flow) -> None:
    event = await flow.upload(b"no image at all\n" * 50)

    assert flow.sent() == ["study.uploaded", "study.validation.failed"]
    [failed] = [m for kind, _, m in flow.messages if kind == "stream" and "failed" in m["type"]]
    assert failed["data"]["findings"][0]["code"] == "file.not-dicom"
    assert flow.records.all[event.subject].status is State.FAILED
    assert not flow.volumes.archived(event.subject).exists()


async def test_what_goes_on_the_stream_is_announced_on_the_live_channel(
    flow: Flow, ct: bytes
) -> None:
    await flow.upload(ct)

    streamed = [message for kind, _, message in flow.messages if kind == "stream"]
    announced = [message for kind, _, message in flow.messages if kind == "live"]
    assert sorted(streamed, key=str) == sorted(announced, key=str)


async def test_every_message_is_as_the_committed_document_says(
    flow: Flow, ct: bytes, breaches: Breaches
) -> None:
    await flow.upload(ct)
    await flow.upload(b"no image at all\n" * 50)

    assert len(flow.messages) == 10
    for kind, address, message in flow.messages:
        assert breaches(kind, address, message) == []


async def test_an_event_of_the_wrong_shape_is_refused(
    flow: Flow, ct: bytes, breaches: Breaches
) -> None:
    event = await flow.upload(ct)
    before = len(flow.messages)
    wrong = json.loads(event.to_json())
    wrong["data"]["file_count"] = "many"

    await flow.send("uploads", json.dumps(wrong).encode())

    assert {letter["code"] for letter in flow.dead_letters} == {"event.invalid"}
    assert {letter["group"] for letter in flow.dead_letters} == {"validator", "status"}
    new = [(kind, message) for kind, _, message in flow.messages[before:]]
    assert ("stream", wrong) in new
    assert breaches("stream", "uploads", wrong) != []
    [failed] = [m for kind, m in new if kind == "stream" and m != wrong]
    assert failed["type"] == "study.processing.failed"
    assert failed["data"]["code"] == "event.invalid"
    assert breaches("stream", "study.processing.failed", failed) == []
    # The study is in the archive; a broken copy of its event does not unmake that.
    assert flow.records.all[event.subject].status is State.ARCHIVED


@pytest.mark.parametrize("garbage", [b"", b"no json", b"[]", b"null", b"\xff\xfe", b"{}"])
async def test_what_is_no_event_at_all_goes_to_the_dead_letter(flow: Flow, garbage: bytes) -> None:
    await flow.send("study.validated", garbage)

    assert {letter["code"] for letter in flow.dead_letters} == {"event.invalid"}
    assert [event_type for event_type in flow.sent() if event_type] == []


async def test_the_same_event_twice_gives_the_same_events_and_one_archive_entry(
    flow: Flow, ct: bytes
) -> None:
    event = await flow.upload(ct)
    metadata = (flow.volumes.archived(event.subject) / "metadata.json").read_bytes()

    await flow.gateway(event)

    assert flow.sent() == ["study.uploaded", "study.validated", "study.archived", "study.uploaded"]
    assert (flow.volumes.archived(event.subject) / "metadata.json").read_bytes() == metadata


async def test_a_study_that_is_gone_is_given_up_at_once(
    flow: Flow, ct: bytes, breaches: Breaches
) -> None:
    event = await flow.upload(ct)
    lost = event.model_copy(update={"subject": event.id})

    await flow.gateway(lost)

    [failed] = [m for kind, _, m in flow.messages if kind == "stream" and "processing" in m["type"]]
    assert failed["data"]["code"] == "study.missing"
    assert breaches("stream", "study.processing.failed", failed) == []
    assert flow.records.all[lost.subject].status is State.ERROR


async def test_the_trace_context_goes_all_the_way(flow: Flow, ct: bytes) -> None:
    event = await flow.upload(ct)
    ids = [CloudEvent.model_validate(message).id for _, _, message in flow.messages]
    assert len(set(ids)) == 3
    assert event.id in ids
