"""The committed AsyncAPI document is what the code generates, and good enough to be read alone."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faststream.redis.subscriber.usecases import StreamBatchSubscriber, StreamSubscriber
from jsonschema import Draft7Validator

from asyncapi.check import FORMATS, Kind, MessageCheck, Recorded
from asyncapi.document import DOCUMENT
from contracts.channels import CHANNELS, DEAD_LETTER
from tools.spec.generate import generate
from tools.spec.operations import brokers

ROOT = Path(__file__).parents[2]
Lint = Callable[[Path], list[str]]


def test_the_committed_document_is_what_the_code_generates() -> None:
    assert DOCUMENT.read_text() == generate(), "run `make spec` and commit the result"


def test_it_comes_out_the_same_whatever_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HDV_REDIS_URL", "redis://elsewhere:1234/5")
    monkeypatch.setenv("HDV_GATEWAY__PORT", "1")
    assert generate() == DOCUMENT.read_text()
    assert str(os.getpid()) not in DOCUMENT.read_text()
    assert socket.gethostname() not in DOCUMENT.read_text()


def test_every_address_is_documented_as_stream_and_as_live_channel(
    document: dict[str, Any],
) -> None:
    documented = {
        (channel["address"], channel["x-redis"]["type"])
        for channel in document["channels"].values()
    }
    addresses = {channel.address for channel in CHANNELS}
    events = {(address, kind) for address in addresses for kind in ("stream", "pubsub")}
    assert documented == events | {(DEAD_LETTER, "stream")}


def test_a_stream_has_its_groups_retention_delivery_and_dead_letter(
    document: dict[str, Any],
) -> None:
    for channel in CHANNELS:
        stream = document["channels"][channel.address]
        assert stream["x-redis"] == {
            "type": "stream",
            "key": channel.address,
            "entry": "event",
            "field": "__data__",
            "delivery": "at-least-once",
            "consumerGroups": list(channel.groups),
            "retention": f"P{channel.retention.days}D",
            "deadLetter": DEAD_LETTER,
        }
        assert all(f"`{group}`" in stream["description"] for group in channel.groups)
        live = document["channels"][f"{channel.address}.live"]
        assert live["x-redis"]["delivery"] == "at-most-once"


def test_messages_are_named_after_the_events_types(document: dict[str, Any]) -> None:
    messages = document["components"]["messages"]
    types = [str(c.event.model_json_schema()["properties"]["type"]["const"]) for c in CHANNELS]
    assert list(messages) == [*types, "dead.letter"]
    assert [message["name"] for message in messages.values()] == list(messages)


def test_producers_and_consumer_groups_are_those_of_the_contracts(
    document: dict[str, Any],
) -> None:
    for channel in CHANNELS:
        operations = [
            (name.partition(".")[0], operation["action"])
            for name, operation in document["operations"].items()
            if document["channels"][operation["channel"]["$ref"].rpartition("/")[2]]["address"]
            == channel.address
        ]
        senders = {service for service, action in operations if action == "send"}
        receivers = {service for service, action in operations if action == "receive"}
        assert senders == set(channel.producers)
        assert receivers == set(channel.groups)


def test_everything_is_described(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        assert schema["description"]
        for field in schema.get("properties", {}).values():
            assert field["description"]
    for operation in document["operations"].values():
        assert operation["summary"]
        assert operation["security"]
    for part in (*document["channels"].values(), *document["components"]["messages"].values()):
        assert part["title"]
        assert part["summary"]
        assert part["description"]


def test_every_field_that_has_a_choice_shows_an_example_that_it_allows(
    document: dict[str, Any],
) -> None:
    for path, field in _fields(document):
        if field.keys() & {"const", "enum", "allOf", "items"}:
            continue  # its values are listed, or its parts have examples
        assert field["examples"], path
        validator = Draft7Validator(field, format_checker=FORMATS)
        for example in field["examples"]:
            assert validator.is_valid(example), path


def test_a_field_is_there_or_absent_but_never_null(document: dict[str, Any]) -> None:
    for path, field in _fields(document):
        assert "null" not in json.dumps(field), path


def test_the_schemas_are_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def test_every_message_has_an_example_that_it_allows(
    document: dict[str, Any], check: MessageCheck
) -> None:
    for channel in document["channels"].values():
        kind: Kind = "stream" if channel["x-redis"]["type"] == "stream" else "live"
        for name in channel["messages"]:
            examples = document["components"]["messages"][name]["examples"]
            assert examples
            for example in examples:
                body = json.dumps(example["payload"]).encode()
                assert check.violations(Recorded(kind, channel["address"], body)) == []


def test_an_event_of_the_dead_letters_example_is_an_event(
    document: dict[str, Any], check: MessageCheck
) -> None:
    [example] = document["components"]["messages"]["dead.letter"]["examples"]
    letter = example["payload"]
    moved = Recorded("stream", letter["stream"], letter["__data__"].encode())
    assert check.violations(moved) == []


def test_every_stream_is_read_by_a_reader_and_a_claimer() -> None:
    for broker in brokers():
        groups = [
            (subscriber.stream_sub.name, subscriber.stream_sub.min_idle_time is None)
            for subscriber in broker.subscribers
            if isinstance(subscriber, StreamSubscriber | StreamBatchSubscriber)
        ]
        readers = {name for name, reads in groups if reads}
        claimers = {name for name, reads in groups if not reads}
        assert readers == claimers
        assert len(groups) == len(broker.subscribers)


def asyncapi_parser(path: Path) -> list[str]:
    """What the AsyncAPI initiative's own parser has against a document."""
    diagnostics = json.loads(_node("tests/contract/parse_document.mjs", str(path)))
    # 0 is an error, 1 a warning; information is about versions of AsyncAPI still to come.
    return [found["message"] for found in diagnostics if found["severity"] <= 1]


def redocly(path: Path) -> list[str]:
    """What Redocly's linter has against it."""
    output = _node("node_modules/@redocly/cli/bin/cli.js", "lint", str(path), "--format=json")
    return [problem["message"] for problem in json.loads(output)["problems"]]


@pytest.mark.parametrize("lint", [asyncapi_parser, redocly])
def test_the_linters_have_nothing_against_it(lint: Lint) -> None:
    assert lint(DOCUMENT) == []


@pytest.mark.parametrize("lint", [asyncapi_parser, redocly])
def test_the_linters_would_report_it(lint: Lint, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(DOCUMENT.read_text().replace("action: send", "action: shout", 1))
    assert lint(path) != []


def _node(script: str, *arguments: str) -> str:
    """Run a script; without Node.js or its packages the test is skipped, and says so."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / ".stamp").exists():
        pytest.skip("the document was not linted: Node.js 20 and `make node_modules/.stamp` needed")
    done = subprocess.run(
        [node, script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
    )
    assert done.stdout, done.stderr
    return done.stdout


def _fields(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            yield f"{name}.{field}", described
