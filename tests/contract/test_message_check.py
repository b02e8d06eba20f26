"""The check reports which rule a message breaks, and where, and repeats none of its values."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from asyncapi.check import MOST_VIOLATIONS, MessageCheck, Recorded, Violation
from contracts.channels import CHANNELS, DEAD_LETTER
from contracts.examples import example_events

Edit = Callable[[dict[str, Any]], object]

SECRET = "DOE^JANE"


def validated(edit: Edit = lambda _: None) -> Recorded:
    """The example of `study.validated` on its stream, with something changed."""
    event = json.loads(example_events()[1].to_json())
    edit(event)
    return Recorded("stream", "study.validated", json.dumps(event).encode())


def test_every_example_is_as_documented_on_both_its_addresses(check: MessageCheck) -> None:
    for channel, event in zip(CHANNELS, example_events(), strict=True):
        assert check.violations(Recorded("stream", channel.address, event.to_json())) == []
        assert check.violations(Recorded("live", channel.address, event.to_json())) == []


def test_a_violation_has_address_event_path_and_rule(check: MessageCheck) -> None:
    [violation] = check.violations(validated(lambda e: e["data"]["findings"][0].pop("code")))
    assert violation == Violation(
        address="study.validated",
        event="study.validated",
        path="$.data.findings[0].code",
        rule="is required and absent",
    )
    assert str(violation) == (
        "study.validated at study.validated: $.data.findings[0].code is required and absent."
    )


@pytest.mark.parametrize(
    ("edit", "path", "rule"),
    [
        (lambda e: e.pop("data"), "$.data", "is required and absent"),
        (lambda e: e.update(subject=None), "$.subject", "must be of type string"),
        (lambda e: e.update(data=[]), "$.data", "must be of type object"),
        (lambda e: e.update(specversion="0.3"), "$.specversion", 'must be "1.0"'),
        (
            lambda e: e["data"]["findings"][0].update(severity="fatal"),
            "$.data.findings[0].severity",
            'must be "error" or "warning" or "info"',
        ),
        (
            lambda e: e["data"]["files"].update(accepted=-1),
            "$.data.files.accepted",
            "must be at least 0",
        ),
        (
            lambda e: e["data"]["files"].update(accepted=2**53),
            "$.data.files.accepted",
            "must be at most 9007199254740991",
        ),
        (
            lambda e: e["data"]["files"].update(accepted=2.0),
            "$.data.files.accepted",
            "must be of type integer",
        ),
        (
            lambda e: e["data"]["findings"][0].update(message="x" * 501),
            "$.data.findings[0].message",
            "must have at most 500 characters",
        ),
        (
            lambda e: e["data"].update(findings=e["data"]["findings"] * 21),
            "$.data.findings",
            "must have at most 20 items",
        ),
        (
            lambda e: e.update(source="urn:hdv:validator\n"),
            "$.source",
            "must match the pattern ^urn:hdv:[a-z][a-z0-9-]*$",
        ),
        (lambda e: e.update(time="2026-02-30T09:30:00Z"), "$.time", "must be a date-time"),
    ],
)
def test_each_rule_is_reported_in_words(
    edit: Edit, path: str, rule: str, check: MessageCheck
) -> None:
    [violation] = check.violations(validated(edit))
    assert (violation.path, violation.rule) == (path, rule)


@pytest.mark.parametrize(
    "text",
    [
        "0b1c9c5e3f0f4b7f8f5e2f3a9d1b6c11",
        "{0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11}",
        "urn:uuid:0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11",
        "0B1C9C5E-3F0F-4B7F-8F5E-2F3A9D1B6C11",
    ],
)
def test_a_uuid_has_one_form(text: str, check: MessageCheck) -> None:
    assert {b.path for b in check.violations(validated(lambda e: e.update(id=text)))} == {"$.id"}


def test_fields_that_the_document_does_not_know_are_fine(check: MessageCheck) -> None:
    def add(event: dict[str, Any]) -> None:
        event["partitionkey"] = "7"
        event["data"]["findings"][0]["colour"] = None

    assert check.violations(validated(add)) == []


def test_an_undocumented_channel_is_reported(check: MessageCheck) -> None:
    [violation] = check.violations(Recorded("stream", "elsewhere", b"{}"))
    assert (
        str(violation) == "A message at elsewhere: $ was sent on a stream that is not documented."
    )


def test_the_dead_letter_is_no_live_channel(check: MessageCheck) -> None:
    [violation] = check.violations(Recorded("live", DEAD_LETTER, b"{}"))
    assert violation.rule == "was sent on a live channel that is not documented"


def test_an_event_at_the_wrong_address_is_reported(check: MessageCheck) -> None:
    wrong = Recorded("live", "uploads", validated().body)
    [violation] = check.violations(wrong)
    assert (violation.event, violation.path) == (None, "$.type")
    assert violation.rule == "must be one of this address: study.uploaded"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b'{"type":"study.validated","data":NaN}',
        b"[" * 100_000,
        b'"\\ud800"',
    ],
)
def test_what_is_not_json_is_reported(body: bytes, check: MessageCheck) -> None:
    [violation] = check.violations(Recorded("stream", "study.validated", body))
    assert violation.rule == "is not JSON"


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b"{}", b'{"type":[]}', b'{"type":{}}'])
def test_json_that_is_no_event_is_reported(body: bytes, check: MessageCheck) -> None:
    [violation] = check.violations(Recorded("stream", "study.validated", body))
    assert violation.path == "$.type"


def test_values_of_the_message_are_never_repeated(check: MessageCheck) -> None:
    def fill(part: Any) -> Any:
        if isinstance(part, dict):
            return {SECRET: SECRET, **{name: fill(value) for name, value in part.items()}}
        return [SECRET] if isinstance(part, list) else SECRET

    def tell(event: dict[str, Any]) -> None:
        event.update(fill(event), type="study.validated")

    violations = check.violations(validated(tell))
    assert len(violations) > 8
    assert SECRET not in "".join(map(str, violations))
    [violation] = check.violations(validated(lambda e: e.update(type=SECRET)))
    assert SECRET not in str(violation)


def test_a_message_of_garbage_makes_a_short_report(check: MessageCheck) -> None:
    violations = check.violations(validated(lambda e: e["data"].update(findings=[0] * 10_000)))
    assert len(violations) == MOST_VIOLATIONS


def test_an_entry_of_a_stream_is_checked_by_its_field(check: MessageCheck) -> None:
    entry = {b"__data__": validated().body, b"other": b"\xff"}
    assert check.entry_violations("study.validated", entry) == []
    [violation] = check.entry_violations("study.validated", {b"data": validated().body})
    assert str(violation) == "A message at study.validated: $ has no field __data__."


def test_a_dead_letter_is_checked_by_all_its_fields(
    document: dict[str, Any], check: MessageCheck
) -> None:
    [example] = document["components"]["messages"]["dead.letter"]["examples"]
    entry = {name.encode(): value.encode() for name, value in example["payload"].items()}
    assert check.entry_violations(DEAD_LETTER, {**entry, b"__data__": b"\xff"}) == []
    del entry[b"entry_id"]
    [violation] = check.entry_violations(DEAD_LETTER, {**entry, b"deliveries": b"5"})
    assert str(violation) == "dead.letter at dead-letter: $.entry_id is required and absent."


def test_an_entry_of_an_undocumented_stream_is_reported(check: MessageCheck) -> None:
    [violation] = check.entry_violations("elsewhere", {b"__data__": b"{}"})
    assert violation.rule == "was sent on a stream that is not documented"
