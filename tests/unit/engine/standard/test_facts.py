"""The facts of the standard: what the committed file says, how it is read and how it is made."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._uid_dict import UID_dictionary

from engine.standard import facts
from tools.standard import parsed
from tools.standard.assembly import assemble, compress
from tools.standard.handwritten import lookup
from tools.standard.parsed import Clause, Comparison, Level
from tools.standard.sources import Attribute, Sources, Text, Texts, Usage
from tools.standard.vocabulary import keyword_tag

LOCK = Path(__file__).parents[4] / "requirements-standard.lock"
FACTS = facts.load()

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
ITEMS = ("1", "1C", "2", "2C", "3")


def attribute(module: str, *keywords: str) -> facts.AttributeFact:
    """An attribute of a module, by the keywords from the module's top down to it."""
    level: int | None = FACTS.modules[module].level
    for keyword in keywords:
        assert level is not None
        [found] = [row for row in FACTS.levels[level] if row.tag == facts.tag_of(keyword)]
        level = found.items
    return found


def allowed(module: str, *keywords: str) -> list[tuple[int | None, str, list[str]]]:
    """The values that an attribute of a module may have."""
    index = attribute(module, *keywords).values
    assert index is not None
    return [(position, kind, list(terms)) for position, kind, terms in FACTS.values[index]]


def test_it_is_of_the_edition_and_packages_that_are_pinned() -> None:
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", LOCK.read_text(), re.MULTILINE))
    assert FACTS.sources == pinned
    assert FACTS.edition == "2026b"


def test_it_has_every_storage_sop_class_of_the_dictionary_that_the_standard_defines() -> None:
    root, elsewhere = "1.2.840.10008.5.1.4", ("DICOS", "Eddy Current")
    storage = {
        uid
        for uid, (name, kind, _, retired, _) in UID_dictionary.items()
        if kind == "SOP Class"
        and "Storage" in name
        and uid.startswith(root)
        and not (retired or name.startswith(elsewhere))
    }
    assert len(storage) > 150
    assert storage <= FACTS.sop_classes.keys()


def test_it_has_the_storage_sop_classes() -> None:
    assert len(FACTS.sop_classes) >= 170
    assert FACTS.statistics["sop_classes"] == len(FACTS.sop_classes)
    for uid, iod in FACTS.sop_classes.items():
        assert FACTS.uids[uid].kind == "SOP Class"
        assert iod in FACTS.iods


def test_statistics_say_how_many_conditions_can_be_evaluated() -> None:
    statistics = FACTS.statistics
    evaluable = statistics["hand_written"] + statistics["parsed"]
    assert 0.9 < evaluable / statistics["conditional_attributes"] <= 1
    assert statistics["attributes"] > statistics["conditional_attributes"]


def test_every_index_points_into_its_list() -> None:
    for iod in FACTS.iods.values():
        for module, usage, condition in iod.modules:
            assert module in FACTS.modules
            assert usage in {"M", "C", "U"}
            assert condition is None or 0 <= condition < len(FACTS.conditions)
        for _, sequence, usage, condition, place in iod.groups:
            assert facts.vr_of(sequence) == "SQ"
            assert usage in {"M", "C", "U"}
            assert condition is None or 0 <= condition < len(FACTS.conditions)
            assert place in {"any", "shared", "per-frame"}
    assert all(0 <= module.level < len(FACTS.levels) for module in FACTS.modules.values())


def test_every_attribute_is_in_the_dictionary_and_in_order() -> None:
    for level in FACTS.levels:
        tags = [row[0] for row in level]
        assert tags == sorted(set(tags))
        for tag, type_, condition, allowed_values, items, _ in level:
            assert facts.keyword_of(tag)
            assert type_ in ITEMS
            assert condition is None or (
                type_.endswith("C") and 0 <= condition < len(FACTS.conditions)
            )
            assert allowed_values is None or 0 <= allowed_values < len(FACTS.values)
            assert items is None or 0 <= items < len(FACTS.levels)
            assert items is None or facts.vr_of(tag) == "SQ"


def test_conditions_and_values_have_the_forms_that_are_known() -> None:
    operators = {"present", "filled", "in", ">", "<", "module", "group"}
    operators |= {"all", "any", "not", "unknown"}
    for condition in FACTS.conditions:
        assert condition.when[0] in operators
        assert condition.otherwise in {"absent", "any"}
    for entries in FACTS.values:
        for position, kind, terms in entries:
            assert position is None or position >= 0
            assert kind in {"E", "D"}
            assert terms
            assert all(isinstance(term, str) for term in terms)


def test_conditions_are_those_of_the_table_by_hand() -> None:
    """Fails if the table has been changed since `make standard` ran."""
    for module, (_, _, level) in FACTS.modules.items():
        for path, type_, condition in conditional(level, (), frozenset()):
            if written := lookup(module, path):
                assert condition is not None, (module, path, type_)
                assert written == {
                    "when": FACTS.conditions[condition].when,
                    "else": FACTS.conditions[condition].otherwise,
                }, (module, path)


def conditional(
    level: int, parents: tuple[str, ...], passed: frozenset[int]
) -> Iterator[tuple[tuple[str, ...], str, int | None]]:
    """Paths, types and conditions of the attributes of type 1C and 2C from a level down."""
    for tag, type_, condition, _, items, _ in FACTS.levels[level]:
        path = (*parents, facts.keyword_of(tag) or "")
        if type_.endswith("C"):
            yield path, type_, condition
        # The shared functional groups are those of each frame once more.
        if (
            items is not None
            and items not in passed
            and path[0] != "SharedFunctionalGroupsSequence"
        ):
            yield from conditional(items, path, passed | {items})


def test_sections_are_those_of_part_3() -> None:
    sections = {id_: module.section for id_, module in FACTS.modules.items()}
    assert sections["patient"] == "C.7.1.1"
    assert sections["ct-image"] == "C.8.2.1"
    assert sections["image-pixel"] == "C.7.6.3"
    assert sections["sop-common"] == "C.12.1"
    assert all(re.fullmatch(r"|[A-F](\.\d+[a-z]?)+", section) for section in sections.values())


def test_ct() -> None:
    iod = FACTS.iods[FACTS.sop_classes["1.2.840.10008.5.1.4.1.1.2"]]
    usages = {module: usage for module, usage, _ in iod.modules}
    assert usages["patient"] == usages["image-plane"] == usages["ct-image"] == "M"
    assert usages["contrast-bolus"] == "C"
    assert not iod.groups
    assert attribute("ct-image", "KVP")[1] == "2"
    assert attribute("ct-image", "RescaleIntercept")[1] == "1"
    assert attribute("image-plane", "PixelSpacing")[1] == "1"
    assert allowed("ct-image", "BitsAllocated") == [(None, "E", ["16"])]
    [(position, kind, terms)] = allowed("ct-image", "ImageType")
    assert (position, kind, terms) == (2, "D", ["AXIAL", "LOCALIZER"])


def test_mr() -> None:
    assert attribute("mr-image", "ScanningSequence")[1] == "1"
    assert attribute("mr-image", "EchoTime")[1] == "2"
    assert allowed("mr-image", "ScanningSequence") == [(None, "E", ["SE", "IR", "GR", "EP", "RM"])]


def test_the_modality_is_a_defined_term_unless_a_series_module_says_which() -> None:
    [(_, kind, terms)] = allowed("general-series", "Modality")
    assert kind == "D"
    assert {"CT", "MR", "US", "RTSTRUCT", "ANN"} <= set(terms)
    assert allowed("mr-series", "Modality") == [(None, "E", ["MR"])]
    assert allowed("segmentation-series", "Modality") == [(None, "E", ["SEG"])]


def test_enhanced_mr_has_functional_groups() -> None:
    groups = {group[0]: group for group in FACTS.iods[FACTS.sop_classes[ENHANCED_MR]].groups}
    assert tuple(groups["frame-content"][1:]) == (0x00209111, "M", None, "per-frame")
    assert tuple(groups["pixel-measures"][1:]) == (0x00289110, "M", None, "any")
    _, tag, usage, condition, place = groups["mr-echo"]
    assert (tag, usage, place) == (0x00189114, "C", "any")
    image_type_is_original = ["in", 0x00080008, ["ORIGINAL", "MIXED"], 0]
    assert condition is not None
    assert FACTS.conditions[condition].when == image_type_is_original


def test_the_content_of_structured_reports_has_no_bound() -> None:
    content = attribute("sr-document-content", "ContentSequence")
    nested = attribute("sr-document-content", "ContentSequence", "ContentSequence")
    assert content[4] == nested[4] is not None
    assert attribute("sr-document-content", "ContentSequence", "RelationshipType")[1] == "1"


def test_what_a_value_type_needs_is_conditional_although_the_tables_say_always() -> None:
    for parents in ((), ("ContentSequence",), ("ContentSequence", "ContentSequence")):
        assert attribute("sr-document-content", *parents, "MeasuredValueSequence")[1] == "2C"
        assert attribute("sr-document-content", *parents, "ReferencedSOPSequence")[1] == "1C"
    assert attribute("sr-document-content", "ValueType")[1] == "1"
    assert attribute("encapsulated-document", "ContentSequence", "GraphicData")[1] == "1C"


def test_rt_structure_set() -> None:
    iod = FACTS.iods[FACTS.sop_classes["1.2.840.10008.5.1.4.1.1.481.3"]]
    modules = {module for module, _, _ in iod.modules}
    assert {"structure-set", "roi-contour", "rt-roi-observations"} <= modules
    path = ("ROIContourSequence", "ContourSequence", "ContourGeometricType")
    assert attribute("roi-contour", *path)[1] == "1"
    [(_, kind, terms)] = allowed("roi-contour", *path)
    assert kind == "E"
    assert "CLOSED_PLANAR" in terms


def test_the_dictionary_is_pydicoms() -> None:
    for tag, (vr, vm, _, retired, keyword) in DicomDictionary.items():
        assert facts.entry_of(tag) == (keyword, vr, vm, retired == "Retired")
    for pattern, (vr, vm, _, retired, keyword) in RepeatersDictionary.items():
        # 00 would be in a group of its own, such as 0020,31xx.
        tag = int(pattern.replace("x", "2"), 16)
        if tag not in DicomDictionary:
            assert facts.entry_of(tag) == (keyword, vr, vm, retired == "Retired")


def test_repeating_groups_are_found_under_each_of_their_tags() -> None:
    assert facts.keyword_of(0x60000010) == facts.keyword_of(0x60FE0010) == "OverlayRows"
    assert facts.vr_of(0x60043000) == "OB or OW"
    assert facts.is_retired(0x50020005) is True
    assert facts.tag_of("OverlayRows") == 0x60000010


def test_private_and_unknown_elements_have_no_entry() -> None:
    for tag in (0x60010010, 0x00091001, 0x00080003, 0x60FE0013):
        assert facts.entry_of(tag) is None
        assert facts.keyword_of(tag) is None
        assert facts.vr_of(tag) is None
        assert facts.is_retired(tag) is None
    assert facts.tag_of("patientname") is None
    assert facts.tag_of("") is None


def test_hostile_tags_are_not_remembered() -> None:
    before = [len(part) for part in facts._dictionary()]
    for tag in range(0, 2**32, 429_497):
        facts.entry_of(tag)
    assert [len(part) for part in facts._dictionary()] == before


def test_uids_are_pydicoms() -> None:
    for uid, (name, kind, _, retired, _) in UID_dictionary.items():
        assert FACTS.uids[uid] == (name, kind, retired == "Retired")
        assert facts.is_retired_uid(uid) is (retired == "Retired")
    assert facts.is_retired_uid("1.2.3") is None


MODALITY, ROWS, COLUMNS = map(keyword_tag, ("Modality", "Rows", "Columns"))


DATA_SET = Level()


def condition(*sentences: str, clause: Clause, level: Level = DATA_SET) -> object:
    """What becomes of sentences that dicom-validator's parser takes for that clause."""
    return parsed.condition(sentences, lambda _: clause, level)


MODALITY_IS_CT = Clause("all", (Comparison(MODALITY, "=", 0, ("CT",)),))


def test_a_condition_that_says_all_of_its_sentence_is_taken() -> None:
    expected = {"when": ["in", MODALITY, ["CT"], None], "else": "any"}
    assert condition("Required if Modality (0008,0060) is CT.", clause=MODALITY_IS_CT) == expected


@pytest.mark.parametrize(
    "rest",
    [
        ", unless the image is derived",
        " and the image is an original one",
        " in any frame of the source",
        " or Rows (0028,0010) is 5",
    ],
)
def test_a_condition_that_says_less_than_its_sentence_is_dropped(rest: str) -> None:
    sentence = f"Required if Modality (0008,0060) is CT{rest}."
    assert condition(sentence, clause=MODALITY_IS_CT) is None


def test_a_second_requirement_that_is_not_understood_drops_the_first() -> None:
    sentences = ("Required if Modality (0008,0060) is CT.", "Also required for secondary images.")
    assert condition(*sentences, clause=MODALITY_IS_CT) is None


@pytest.mark.parametrize(
    ("sentence", "otherwise"),
    [
        ("May be present otherwise.", "any"),
        ("Shall not be present otherwise.", "absent"),
        ("May not be present otherwise.", "absent"),
    ],
)
def test_what_holds_otherwise(sentence: str, otherwise: str) -> None:
    found = condition("Required if Modality (0008,0060) is CT.", sentence, clause=MODALITY_IS_CT)
    assert isinstance(found, dict)
    assert found["else"] == otherwise


def test_what_is_absent_is_not_other_than_a_value() -> None:
    clause = Clause("all", (Comparison(MODALITY, "!=", 0, ("CT",)),))
    found = condition("Required if Modality (0008,0060) is other than CT.", clause=clause)
    unequal = ["not", ["in", MODALITY, ["CT"], None]]
    assert found == {"when": ["all", ["filled", MODALITY], unequal], "else": "any"}


def test_numbers_are_compared_as_numbers_and_siblings_are_meant_first() -> None:
    clause = Clause("any", (Comparison(ROWS, ">", 0, ("1",)), Comparison(COLUMNS, "+", 0, ())))
    sentence = "Required if Rows (0028,0010) is greater than 1 or Columns (0028,0011) is present."
    found = condition(sentence, clause=clause, level=Level(siblings=frozenset({ROWS})))
    assert found == {"when": ["any", [">", [0, ROWS], 1], ["present", COLUMNS]], "else": "any"}


@pytest.mark.parametrize(("operator", "words"), [("+", "is"), ("-", "is not")])
def test_what_cannot_be_seen_from_there_is_no_condition(operator: str, words: str) -> None:
    clause = Clause("all", (Comparison(ROWS, operator, 0, ()),))
    sentence = f"Required if Rows (0028,0010) {words} present."
    assert condition(sentence, clause=clause) is not None
    assert condition(sentence, clause=clause, level=Level(hidden=frozenset({ROWS}))) is None


def small_sources() -> Sources:
    """An IOD of two modules with the same content, one of them renamed since 2020."""
    types: dict[tuple[str, ...], str] = {
        ("Modality",): "1",
        ("Rows",): "1C",
        ("RequestAttributesSequence",): "3",
        ("RequestAttributesSequence", "StudyInstanceUID"): "1C",
    }
    rows = [Attribute(tuple(map(keyword_tag, path)), type_) for path, type_ in types.items()]
    text = Text("<p>Required if Modality (0008,0060) is CT.</p>")
    modality = Text(
        "<p><strong>Enumerated Values:</strong></p><dl><dt>CT</dt><dd/><dt>MR</dt><dd/></dl>"
    )
    return Sources(
        edition="small",
        versions={"a": "1"},
        sop_classes={"1.2.3": "small"},
        iods={"small": [("old", "M"), ("new", "C")]},
        modules={"old": rows, "new": rows},
        module_names={"old": ("Old", "C.1")},
        texts=Texts(
            modules={"old": {(MODALITY,): [modality], (ROWS,): [text]}},
            macros={},
            iod_modules={"small": {"new": Usage("C", "Required if Modality (0008,0060) is CT.")}},
            iod_groups={},
            sections={},
        ),
    )


def test_the_same_sources_make_the_same_file() -> None:
    first, second = (
        compress(assemble(small_sources(), lambda _: MODALITY_IS_CT)) for _ in range(2)
    )
    assert first == second


def test_a_build_keeps_the_same_only_once_and_never_inherits_values_by_tag_alone() -> None:
    built = assemble(small_sources(), lambda _: MODALITY_IS_CT)
    when = {"when": ["in", MODALITY, ["CT"], None], "else": "any"}
    assert built["conditions"] == [when]
    assert built["values"] == [[(None, "E", ["CT", "MR"])]]
    old, new = (dict(_by_tag(built, module)) for module in ("old", "new"))
    assert old[ROWS][2] == new[ROWS][2] == 0
    assert old[MODALITY][3] == 0
    assert new[MODALITY][3] is None
    assert (
        old[keyword_tag("RequestAttributesSequence")]
        == new[keyword_tag("RequestAttributesSequence")]
    )
    assert built["iods"]["small"]["modules"] == [("old", "M", None), ("new", "C", 0)]
    assert built["statistics"]["parsed"] == 2


def _by_tag(built: dict[str, object], module: str) -> list[tuple[int, tuple[object, ...]]]:
    modules, levels = built["modules"], built["levels"]
    assert isinstance(modules, dict)
    assert isinstance(levels, list)
    return [(row[0], row) for row in levels[modules[module][2]]]
