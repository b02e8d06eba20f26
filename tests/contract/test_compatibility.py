"""What consumers and old events rely on is kept, or the event gets a new version."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from asyncapi.compatibility import Harm, breaking_changes, last_release
from asyncapi.document import RELEASED, Document, parse
from contracts.channels import ARCHIVED
from contracts.events import CloudEvent, StudyArchived
from contracts.model import Contract
from tools.spec.__main__ import main
from tools.spec.generate import generate
from tools.spec.schemas import event_schemas

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def fields(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def document_of(data: Schema, *, version: int = 1, **components: Schema) -> Document:
    """A document with one event, `thing.done`, whose `data` has a schema."""
    event = fields(
        "dataschema",
        "data",
        dataschema={"type": "string", "const": f"urn:hdv:thing.done:{version}"},
        data=data,
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Things", "version": "1.0.0"},
        "channels": {
            kind: {
                "address": "things",
                "messages": {"thing.done": {"$ref": "#/components/messages/thing.done"}},
                "x-redis": {"type": kind, "field": "__data__", "retention": "P7D"},
            }
            for kind in ("stream", "pubsub")
        },
        "components": {
            "messages": {"thing.done": {"payload": {"$ref": "#/components/schemas/ThingDone"}}},
            "schemas": {"ThingDone": event, **components},
        },
    }


def reported(old: Document, new: Document) -> list[str]:
    """Path, rule and who is harmed, for each breaking change."""
    changes = breaking_changes(old, new)
    assert all(change.event == "thing.done" for change in changes)
    return sorted(
        f"{change.path} {change.rule} ({', '.join(harm.name.lower() for harm in change.harms)})"
        for change in changes
    )


@dataclass
class Case:
    """A change of `data`, and what is reported when it is made and when it is undone."""

    name: str
    old: Schema
    new: Schema
    made: list[str]
    undone: list[str]


LIST: Schema = {"type": "array", "items": fields("a", a=TEXT)}

CASES = [
    Case(
        "an optional field",
        fields("a", a=TEXT),
        fields("a", a=TEXT, b=TEXT),
        made=[],
        undone=["$.data.b was dropped (consumers)"],
    ),
    Case(
        "a required field",
        fields("a", a=TEXT),
        fields("a", "b", a=TEXT, b=TEXT),
        made=["$.data.b is new and required (streams)"],
        undone=["$.data.b was dropped (consumers)"],
    ),
    Case(
        "another name",
        fields("a", a=TEXT),
        fields("b", b=TEXT),
        made=["$.data.a was dropped (consumers)", "$.data.b is new and required (streams)"],
        undone=["$.data.a is new and required (streams)", "$.data.b was dropped (consumers)"],
    ),
    Case(
        "required no more",
        fields("a", a=TEXT),
        fields(a=TEXT),
        made=["$.data.a is no longer required (consumers)"],
        undone=["$.data.a is required now (streams)"],
    ),
    Case(
        "another type",
        fields("a", a=TEXT),
        fields("a", a=COUNT),
        made=["$.data.a changed its type from string to integer (consumers, streams)"],
        undone=["$.data.a changed its type from integer to string (consumers, streams)"],
    ),
    Case(
        "a list in place of one",
        fields("a", a=TEXT),
        fields("a", a={"type": "array", "items": TEXT}),
        made=["$.data.a changed its type from string to array (consumers, streams)"],
        undone=["$.data.a changed its type from array to string (consumers, streams)"],
    ),
    Case(
        "null",
        fields("a", a=TEXT),
        fields("a", a={"type": ["string", "null"]}),
        made=["$.data.a allows another `type` now, null (consumers)"],
        undone=["$.data.a no longer allows the `type` null (streams)"],
    ),
    Case(
        "null by anyOf",
        fields("a", a={**TEXT, "maxLength": 9}),
        fields("a", a={"anyOf": [{**TEXT, "maxLength": 9}, {"type": "null"}]}),
        made=["$.data.a allows another `type` now, null (consumers)"],
        undone=["$.data.a no longer allows the `type` null (streams)"],
    ),
    Case(
        "fractions",
        fields("a", a={"type": "integer"}),
        fields("a", a={"type": "number"}),
        made=["$.data.a allows another `type` now, number (consumers)"],
        undone=["$.data.a no longer allows the `type` number (streams)"],
    ),
    Case(
        "another value of an enum",
        fields("a", a={**TEXT, "enum": ["x", "y"]}),
        fields("a", a={**TEXT, "enum": ["x", "y", "z"]}),
        made=["$.data.a allows another `enum` now, z (consumers)"],
        undone=["$.data.a no longer allows the `enum` z (streams)"],
    ),
    Case(
        "an enum where anything went",
        fields("a", a=TEXT),
        fields("a", a={**TEXT, "enum": ["x"]}),
        made=["$.data.a was tightened: `enum` is new (streams)"],
        undone=["$.data.a was loosened: `enum` is gone (consumers)"],
    ),
    Case(
        "another constant",
        fields("a", a={"const": "x"}),
        fields("a", a={"const": "y"}),
        made=[
            "$.data.a allows another `enum` now, y (consumers)",
            "$.data.a no longer allows the `enum` x (streams)",
        ],
        undone=[
            "$.data.a allows another `enum` now, x (consumers)",
            "$.data.a no longer allows the `enum` y (streams)",
        ],
    ),
    *(
        Case(
            f"a stricter {keyword}",
            fields("a", a={"type": kind, keyword: loose}),
            fields("a", a={"type": kind, keyword: strict}),
            made=[f"$.data.a was tightened: `{keyword}` is {strict} instead of {loose} (streams)"],
            undone=[
                f"$.data.a was loosened: `{keyword}` is {loose} instead of {strict} (consumers)"
            ],
        )
        for kind, keyword, loose, strict in (
            ("integer", "minimum", 0, 1),
            ("integer", "maximum", 9, 8),
            ("number", "exclusiveMinimum", 0, 1),
            ("number", "exclusiveMaximum", 9, 8),
            ("string", "minLength", 1, 2),
            ("string", "maxLength", 500, 400),
            ("array", "minItems", 0, 1),
            ("array", "maxItems", 20, 10),
        )
    ),
    *(
        Case(
            f"a {keyword} where there was none",
            fields("a", a={"type": kind}),
            fields("a", a={"type": kind, keyword: value}),
            made=[f"$.data.a was tightened: `{keyword}` is new (streams)"],
            undone=[f"$.data.a was loosened: `{keyword}` is gone (consumers)"],
        )
        for kind, keyword, value in (
            ("string", "pattern", "^x$"),
            ("string", "format", "uuid"),
            ("string", "maxLength", 9),
            ("integer", "multipleOf", 2),
            ("array", "uniqueItems", True),
            ("array", "items", TEXT),
            ("object", "additionalProperties", False),
            ("string", "somethingNew", 1),
        )
    ),
    *(
        Case(
            f"another {keyword}",
            fields("a", a={**TEXT, keyword: one}),
            fields("a", a={**TEXT, keyword: other}),
            made=[f"$.data.a has another `{keyword}` (consumers, streams)"],
            undone=[f"$.data.a has another `{keyword}` (consumers, streams)"],
        )
        for keyword, one, other in (
            ("pattern", "^x$", "^y$"),
            ("format", "uuid", "date-time"),
        )
    ),
    Case(
        "a field dropped deep inside",
        fields("a", a=fields("b", b=fields("c", c=TEXT))),
        fields("a", a=fields("b", b=fields())),
        made=["$.data.a.b.c was dropped (consumers)"],
        undone=["$.data.a.b.c is new and required (streams)"],
    ),
    Case(
        "a field dropped from the items of a list",
        fields("a", a=LIST),
        fields("a", a={"type": "array", "items": fields()}),
        made=["$.data.a[*].a was dropped (consumers)"],
        undone=["$.data.a[*].a is new and required (streams)"],
    ),
    Case(
        "another type of what a map holds",
        fields("a", a={"type": "object", "additionalProperties": TEXT}),
        fields("a", a={"type": "object", "additionalProperties": COUNT}),
        made=["$.data.a.* changed its type from string to integer (consumers, streams)"],
        undone=["$.data.a.* changed its type from integer to string (consumers, streams)"],
    ),
    Case(
        "another alternative",
        fields("a", a={"anyOf": [fields("x", x=TEXT), fields("y", y=TEXT)]}),
        fields("a", a={"anyOf": [fields("x", x=TEXT), fields("y", y=TEXT), fields("z", z=TEXT)]}),
        made=["$.data.a allows another `anyOf` now, of a shape of its own (consumers)"],
        undone=["$.data.a no longer allows the `anyOf` of a shape of its own (streams)"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_change_is_reported_when_it_is_made(case: Case) -> None:
    assert reported(document_of(case.old), document_of(case.new)) == sorted(case.made)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_change_is_reported_when_it_is_undone(case: Case) -> None:
    assert reported(document_of(case.new), document_of(case.old)) == sorted(case.undone)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_new_version_of_the_event_may_change_as_it_likes(case: Case) -> None:
    assert reported(document_of(case.old), document_of(case.new, version=2)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_change_is_no_breaking_change(case: Case) -> None:
    assert reported(document_of(case.new), document_of(copy.deepcopy(case.new))) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXT, {"$ref": "#/components/schemas/Text"}),
        ({"$ref": "#/components/schemas/Text"}, {"$ref": "#/components/schemas/SameText"}),
        ({"$ref": "#/components/schemas/Text"}, {"$ref": "#/components/schemas/Ref"}),
        (TEXT, {"description": "Said again.", "allOf": [{"$ref": "#/components/schemas/Text"}]}),
        (TEXT, {**TEXT, "title": "T", "description": "D", "examples": ["E"], "x-unit": "none"}),
        ({**TEXT, "const": "x"}, {"enum": ["x"]}),
        ({**TEXT, "enum": ["x", "y"]}, {**TEXT, "enum": ["y", "x"]}),
        ({"type": "integer", "minimum": 1}, {"type": "integer", "exclusiveMinimum": 0}),
        ({"type": "integer", "maximum": 1}, {"type": "integer", "exclusiveMaximum": 2}),
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "null"}, TEXT]}),
        ({"type": "object"}, {"type": "object", "additionalProperties": True}),
        (
            fields("a", a=TEXT, b=COUNT),
            {"allOf": [fields("a", a=TEXT), fields(b=COUNT)]},
        ),
    ],
)
def test_the_same_said_in_another_way_is_no_change(one: Schema, other: Schema) -> None:
    parts: dict[str, Any] = {
        "Text": TEXT,
        "SameText": TEXT,
        "Ref": {"$ref": "#/components/schemas/Text"},
    }
    said, again = (
        document_of(fields("a", a=schema), version=1, **parts) for schema in (one, other)
    )
    assert reported(said, again) == []
    assert reported(again, said) == []


def test_a_change_behind_a_reference_is_reported_where_it_is_used() -> None:
    used = fields("a", a={"type": "array", "items": {"$ref": "#/components/schemas/Part"}})
    old = document_of(used, Part=fields("b", b=TEXT))
    new = document_of(used, Part=fields("b", b=COUNT))
    assert reported(old, new) == [
        "$.data.a[*].b changed its type from string to integer (consumers, streams)"
    ]


def test_a_schema_that_refers_to_itself_is_not_compared_for_ever() -> None:
    endless = document_of(
        {"$ref": "#/components/schemas/A"}, A=fields(a={"$ref": "#/components/schemas/A"})
    )
    with pytest.raises(ValueError, match="refers to itself"):
        breaking_changes(endless, endless)


def change_address(document: Document) -> None:
    document["channels"]["stream"]["address"] = "elsewhere"


def drop_live_channel(document: Document) -> None:
    del document["channels"]["pubsub"]


def rename_field_of_entry(document: Document) -> None:
    document["channels"]["stream"]["x-redis"]["field"] = "event"


def keep_for_shorter(document: Document) -> None:
    document["channels"]["stream"]["x-redis"]["retention"] = "P1D"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (change_address, "$ is no longer sent to the stream address things (consumers)"),
        (drop_live_channel, "$ is no longer sent to the pubsub address things (consumers)"),
        (
            rename_field_of_entry,
            "$ has another `field` at the stream address things (consumers, streams)",
        ),
        (keep_for_shorter, "$ is kept for a shorter time at things (consumers)"),
    ],
)
def test_another_address_needs_a_new_version(
    change: Callable[[Document], None], sentence: str
) -> None:
    old, new, newer = (document_of(fields(), version=version) for version in (1, 1, 2))
    change(new)
    change(newer)
    assert reported(old, new) == [sentence]
    assert reported(old, newer) == []


def test_another_address_beside_the_old_one_is_fine() -> None:
    new = document_of(fields())
    new["channels"]["more"] = {**new["channels"]["stream"], "address": "elsewhere"}
    assert reported(document_of(fields()), new) == []


def test_longer_retention_is_fine() -> None:
    shorter = document_of(fields())
    keep_for_shorter(shorter)
    assert reported(shorter, document_of(fields())) == []


@pytest.mark.parametrize("name", ["urn:hdv:thing.done:1", "urn:hdv:other.done:3"])
def test_only_a_higher_version_under_the_same_name_excuses_a_change(name: str) -> None:
    old = document_of(fields("a", a=TEXT), version=2)
    new = document_of(fields())
    new["components"]["schemas"]["ThingDone"]["properties"]["dataschema"]["const"] = name
    assert "$.data.a was dropped (consumers)" in reported(old, new)
    assert any("dataschema" in sentence for sentence in reported(old, new))


def without_events(document: Document, version: str) -> Document:
    document["info"]["version"] = version
    document["components"]["messages"] = {}
    document["channels"] = {}
    return document


def test_an_event_goes_with_a_major_version_of_the_document_only() -> None:
    old = document_of(fields())
    assert reported(old, without_events(document_of(fields()), "1.9.0")) == [
        "$ was dropped (consumers)"
    ]
    assert reported(old, without_events(document_of(fields()), "2.0.0")) == []


def test_a_new_event_is_fine() -> None:
    assert (
        breaking_changes(without_events(document_of(fields()), "1.0.0"), document_of(fields()))
        == []
    )


def test_a_released_document_is_named_after_its_version() -> None:
    versions = [parse(path.read_bytes())["info"]["version"] for path in RELEASED.iterdir()]
    assert sorted(versions) == sorted(path.stem for path in RELEASED.iterdir())


def test_the_last_release_is_the_one_with_the_highest_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        text = f"asyncapi: 3.0.0\ninfo: {{version: {version}}}\n"
        (tmp_path / f"{version}.yaml").write_text(text)
    monkeypatch.setattr("asyncapi.compatibility.RELEASED", tmp_path)
    assert last_release()["info"]["version"] == "1.10.0"


def test_the_code_keeps_the_promises_of_the_last_release() -> None:
    changes = breaking_changes(last_release(), parse(generate()))
    assert [str(change) for change in changes] == []


def test_a_field_removed_from_a_model_is_reported_with_event_field_and_rule() -> None:
    class Data(Contract):
        """What would be left of `StudyArchivedData`."""

        directory: str
        """The directory."""
        instance_count: int
        """The instances."""

    class Archived(CloudEvent):
        """`StudyArchived` with a field less."""

        type: Literal["study.archived"]
        dataschema: Literal["urn:hdv:study.archived:1"]
        data: Data

    assert ARCHIVED.event is StudyArchived
    current = parse(generate())
    schemas = event_schemas([Archived])
    current["components"]["schemas"] |= {**schemas, "StudyArchived": schemas["Archived"]}

    changes = breaking_changes(last_release(), current)

    [dropped] = [change for change in changes if change.path == "$.data.size_bytes"]
    assert dropped.harms == (Harm.CONSUMERS,)
    assert str(dropped) == (
        "study.archived: $.data.size_bytes was dropped: "
        "consumers written for the release rely on it."
    )


def test_the_command_is_silent_when_all_promises_are_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main("check") == 0
    assert capsys.readouterr() == ("", "")


def test_the_command_fails_with_a_sentence_for_each_broken_promise(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = last_release()
    data = promised["components"]["schemas"]["StudyUploadedData"]
    data["properties"]["colour"] = {"type": "string"}
    monkeypatch.setattr("tools.spec.__main__.last_release", lambda: promised)
    assert main("check") == 1
    sentences = capsys.readouterr().err.splitlines()
    assert sentences[0].startswith("study.uploaded: $.data.colour was dropped: consumers")
