"""The facts can be built from the standard's own XML, here from a small excerpt made by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.standard import vocabulary
from tools.standard.assembly import assemble
from tools.standard.docbook import Books
from tools.standard.parsed import Clause, Comparison
from tools.standard.sources import Attribute, SourceError, Sources, Texts
from unit.tools.standard.excerpt import PART_3, PART_4, PART_6, book

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.999"
STATE, KIND, SEQUENCE, WEIGHT, FRAME = range(0x0018FF01, 0x0018FF06)
SHARED, PER_FRAME = 0x52009229, 0x52009230
PACKAGES = Sources(
    edition="2026b",
    versions={"highdicom": "0.28.0"},
    sop_classes={},
    iods={},
    modules={"patient": [Attribute((0x00100010,), "2")], "device": [Attribute((0x00500010,), "1")]},
    module_names={},
    texts=Texts({}, {}, {}, {}, {}),
)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    paths = []
    for number, content in ((3, PART_3), (4, PART_4), (6, PART_6)):
        path = tmp_path / f"part{number:02}.xml"
        path.write_text(content, encoding="utf-8")
        paths.append(path)
    books = Books(paths)
    vocabulary.extend(books.dictionary(), books.names(), books.uids())
    yield books
    vocabulary.restore()


def test_the_dictionary_and_the_uids_are_those_of_part_6(books: Books) -> None:
    assert vocabulary.dictionary()["0018FF01"] == ("ProbeState", "CS", "1", 0)
    assert vocabulary.dictionary()["60xxFF06"] == ("OldProbe", "US", "1", 1)
    assert vocabulary.name(KIND) == "Probe Kind"
    assert vocabulary.uids()[SOP_CLASS] == ("Probe Image Storage", "SOP Class", 0)
    assert books.uids()["1.2.840.10008.5.1.4.1.1.998"] == ("Old Probe Storage", "SOP Class", 1)
    assert vocabulary.dictionary()["00100010"][0] == "PatientName"


def test_modules_have_the_attributes_of_their_macros(books: Books) -> None:
    sources = books.applied_to(PACKAGES)

    assert sources.modules["probe-image"] == [
        Attribute((0x00280010,), "1"),
        Attribute((STATE,), "1C"),
        Attribute((KIND,), "2"),
        Attribute((SEQUENCE,), "3"),
        Attribute((SEQUENCE, WEIGHT), "1"),
        Attribute((SEQUENCE, 0x00080100), "1"),
        Attribute((SEQUENCE, 0x00080121), "3"),
    ]
    assert sources.modules["patient"] == PACKAGES.modules["patient"]
    assert sources.module_names["probe-image"] == ("Probe Image", "C.99.1")


def test_functional_groups_are_shared_and_of_each_frame(books: Books) -> None:
    sources = books.applied_to(PACKAGES)

    paths = [each.path for each in sources.modules["probe-image-multi-frame-functional-groups"]]
    assert paths == [
        (SHARED,),
        (PER_FRAME,),
        (SHARED, FRAME),
        (SHARED, FRAME, WEIGHT),
        (PER_FRAME, FRAME),
        (PER_FRAME, FRAME, WEIGHT),
    ]


def parse(sentence: str) -> Clause:
    """What dicom-validator's parser makes of the sentence of the excerpt."""
    assert "Image Type (0008,0008) Value 1 is ORIGINAL" in sentence
    return Clause("all", (Comparison(0x00080008, "=", 0, ("ORIGINAL",)),))


def test_the_facts_are_built_from_the_excerpt(books: Books) -> None:
    facts = assemble(books.applied_to(PACKAGES), parse)

    assert facts["edition"] == "2031c"
    assert facts["sources"] == {
        "highdicom": "0.28.0",
        "PS3.3": "2031c",
        "PS3.4": "2031c",
        "PS3.6": "2031c",
    }
    assert facts["sop_classes"] == {SOP_CLASS: "probe-image"}
    iod = facts["iods"]["probe-image"]
    usages = [(module, usage) for module, usage, _ in iod["modules"]]
    assert usages == [
        ("patient", "M"),
        ("probe-image", "M"),
        ("probe-image-multi-frame-functional-groups", "M"),
        ("device", "C"),
    ]
    original = ["in", 0x00080008, ["ORIGINAL"], 0]
    assert facts["conditions"][iod["modules"][3][2]]["when"] == original
    [group] = iod["groups"]
    assert group == ("probe-frame", FRAME, "M", None, "per-frame")
    level = {row[0]: row for row in facts["levels"][facts["modules"]["probe-image"][2]]}
    assert facts["conditions"][level[STATE][2]]["when"] == original
    assert values_of(facts, level[STATE]) == [(None, "E", ["WARM", "COLD"])]
    assert values_of(facts, level[KIND]) == [(None, "E", ["LONG", "SHORT"])]
    items = facts["levels"][level[SEQUENCE][4]]
    assert [(row[0], row[1]) for row in items] == [
        (0x00080100, "1"),
        (0x00080121, "3"),
        (WEIGHT, "1"),
    ]


def values_of(facts: dict[str, Any], row: Any) -> Any:
    return facts["values"][row[3]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<book", "cannot be read as XML"),
        ("<book/>", "which part of DICOM"),
        (book(6, "", edition="2030a"), "several editions: 2030a, 2031c"),
    ],
)
def test_what_is_no_part_of_the_standard_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "part03.xml").write_text(book(3, ""), encoding="utf-8")
    (tmp_path / "other.xml").write_text(content, encoding="utf-8")

    with pytest.raises(SourceError, match=message):
        Books([tmp_path / "part03.xml", tmp_path / "other.xml"])
