"""The values that attributes may have: how they are read, and those that are easily lost."""

import pytest

from engine.standard import facts
from tools.standard import values
from tools.standard.corrections import CONSTRAINTS
from tools.standard.sources import Text
from tools.standard.vocabulary import keyword_tag

FACTS = facts.load()
MODALITY = keyword_tag("Modality")


def listed(heading: str, *terms: str) -> str:
    """A list of values in HTML, as the tables have it."""
    rows = "".join(
        f"<dt><span>{term}</span></dt><dd><p>{term} explained</p></dd>" for term in terms
    )
    return f"<div><p><strong>{heading}</strong></p><dl>{rows}</dl></div>"


def values_of(html: str, keyword: str) -> values.Values:
    return values.of_text(Text(html), (keyword_tag(keyword),), {})


def test_lists_of_values_are_taken_with_their_kind_and_position() -> None:
    both = listed("Enumerated Values for Value 1:", "A", "B") + listed(
        "Value 2 Enumerated Values:", "C"
    )
    assert values_of(both, "SeriesType") == [(0, "E", ["A", "B"]), (1, "E", ["C"])]
    assert values_of(listed("Defined Terms:", "A", "B"), "Modality") == [(None, "D", ["A", "B"])]
    numbers = listed("Enumerated Values:", "0000H", "01")
    assert values_of(numbers, "PixelRepresentation") == [(None, "E", ["0", "1"])]


@pytest.mark.parametrize(
    "html",
    [
        listed("Enumerated Values if Image Type (0008,0008) Value 1 is ORIGINAL:", "A", "B"),
        listed("Enumerated Values:", "A", "B") + listed("Enumerated Values:", "C", "D"),
        listed("Enumerated Values:", "A", "not a code string"),
        listed("Defined Terms:", "A"),
        "<p>For example CT or MR.</p>",
    ],
)
def test_what_does_not_hold_always_is_no_list_of_values(html: str) -> None:
    assert values_of(html, "Modality") == []


def test_a_section_gives_its_values_only_if_it_is_about_the_attribute() -> None:
    section = f"<div><h6>C.7 Modality</h6></div>{listed('Defined Terms:', 'A', 'B')}"
    text = Text("<p>See Section C.7.</p>", ("address",))
    found = values.of_text(text, (MODALITY,), {"address": section})
    assert found == [(None, "D", ["A", "B"])]
    other = section.replace("Modality", "Conversion")
    assert values.of_text(text, (MODALITY,), {"address": other}) == []


def section(title: str, content: str) -> dict[str, str]:
    """A section of the standard that a description refers to by `address`."""
    return {"address": f"<div><h6>{title}</h6></div>{content}"}


def tabulated(head: str, *terms: str, rowspan: int = 1) -> str:
    """A table of values in HTML, as the sections have it."""
    rows = "".join(
        f'<tr><td rowspan="{rowspan}"><p>{term}</p></td><td><p>x</p></td></tr>' for term in terms
    )
    return f"<table><thead><tr><th>{head}</th><th>Meaning</th></tr></thead>{rows}</table>"


SEE = Text("<p>See Section C.7 for Defined Terms.</p>", ("address",))


def test_a_table_in_a_section_is_a_list_too() -> None:
    found = section("C.7 Modality Attribute", tabulated("Enumerated Value Name", "A", "B"))
    assert values.of_text(SEE, (MODALITY,), found) == [(None, "E", ["A", "B"])]
    found = section("C.7 Modality", tabulated("Defined Term", "A", "B"))
    assert values.of_text(SEE, (MODALITY,), found) == [(None, "D", ["A", "B"])]


@pytest.mark.parametrize(
    "content",
    [tabulated("Bits Stored", "A", "B"), tabulated("Defined Term", "A", "B", rowspan=2), ""],
)
def test_a_table_of_anything_else_is_none(content: str) -> None:
    assert values.of_text(SEE, (MODALITY,), section("C.7 Modality", content)) == []


def test_a_list_in_a_cell_of_a_table_is_read() -> None:
    cell = listed("Defined Terms:", "A", "B")
    content = f"<table><tr><td>Modality</td><td>{cell}</td></tr></table>"
    assert values.of_text(SEE, (MODALITY,), section("C.7 Module", content)) == [
        (None, "D", ["A", "B"])
    ]


def test_a_list_for_an_attribute_by_its_name_is_for_no_other() -> None:
    content = listed("Defined Terms for Modality (0008,0060):", "A", "B")
    content += listed("Enumerated Values of Series Type (0054,1000):", "C", "D")
    sections = section("C.7 Two Things", content)
    text = Text("<p>See Section C.7.</p>", ("address",))
    assert values.of_text(text, (MODALITY,), sections) == [(None, "D", ["A", "B"])]
    assert values.of_text(text, (keyword_tag("SeriesType"),), sections) == [(None, "E", ["C", "D"])]
    assert values.of_text(text, (keyword_tag("PatientSex"),), sections) == []


def test_a_section_below_is_not_about_what_its_title_is_about() -> None:
    content = listed("Enumerated Values:", "A") + "<h6>C.7.1 Other</h6>"
    content += listed("Enumerated Values:", "B")
    found = values.of_text(SEE, (MODALITY,), section("C.7 Modality", content))
    assert found == [(None, "E", ["A"])]


def test_alternative_texts_allow_what_either_does_unless_one_is_silent() -> None:
    first: values.Values = [(None, "E", ["A", "B"])]
    second: values.Values = [(None, "E", ["B", "C"])]
    assert values.of_alternatives([first, second]) == [(None, "E", ["A", "B", "C"])]
    assert values.of_alternatives([first, first]) == first
    assert values.of_alternatives([first, []]) == []
    assert values.of_alternatives([first, [(None, "D", ["C"])]]) == []


def test_numbers_can_have_a_sign() -> None:
    html = listed("Enumerated Values:", "+1", "-1")
    assert values_of(html, "PixelIntensityRelationshipSign") == [(None, "E", ["1", "-1"])]


FRAMES = "enhanced-mr-image-multi-frame-functional-groups"
FRAME_TYPE = "PerFrameFunctionalGroupsSequence.MRImageFrameTypeSequence"


@pytest.mark.parametrize(
    ("module", "path", "kind", "term"),
    [
        ("dx-image", "PixelIntensityRelationshipSign", "E", "-1"),
        ("rt-roi-observations", "RTROIObservationsSequence.RTROIInterpretedType", "D", "PTV"),
        ("enhanced-ct-image", "VolumetricProperties", "E", "SAMPLED"),
        ("enhanced-ct-image", "VolumeBasedCalculationTechnique", "D", "MPR"),
        (FRAMES, f"{FRAME_TYPE}.PixelPresentation", "E", "TRUE_COLOR"),
        (FRAMES, f"{FRAME_TYPE}.ComplexImageComponent", "D", "PHASE"),
        ("sr-document-content", "ContentSequence.GraphicType", "E", "ELLIPSOID"),
        ("sr-document-content", "ContentSequence.GraphicType", "E", "CIRCLE"),
        ("general-image", "LossyImageCompressionMethod", "D", "ISO_14495_1"),
        ("waveform", "WaveformSequence.WaveformSampleInterpretation", "D", "MB"),
        ("segmentation-image", "SegmentationFractionalType", "E", "OCCUPANCY"),
        ("sc-equipment", "Modality", "D", "EEG"),
        (FRAMES, "StereoPairsPresent", "E", "NO"),
        ("rt-patient-setup", "PatientSetupSequence.PatientPosition", "D", "SITTING"),
    ],
)
def test_values_that_are_listed_elsewhere_are_known(
    module: str, path: str, kind: str, term: str
) -> None:
    [(position, found, terms)] = allowed(module, *path.split("."))
    assert (position, found) == (None, kind)
    assert term in terms


def test_only_images_and_legacy_frames_can_be_mixed() -> None:
    assert "MIXED" in allowed("enhanced-mr-image", "ImageType")[0][2]
    frame_type = (*FRAME_TYPE.split("."), "FrameType")
    assert allowed(FRAMES, *frame_type)[0] == (0, "E", ["ORIGINAL", "DERIVED"])
    assert "MIXED" in allowed(f"legacy-converted-{FRAMES}", *frame_type)[0][2]


def allowed(module: str, *keywords: str) -> list[tuple[int | None, str, list[str]]]:
    """The values that an attribute of a module may have."""
    level: int | None = FACTS.modules[module].level
    index = None
    for keyword in keywords:
        assert level is not None
        [(*_, index, level, _)] = [
            row for row in FACTS.levels[level] if row[0] == facts.tag_of(keyword)
        ]
    assert index is not None
    return [(position, kind, list(terms)) for position, kind, terms in FACTS.values[index]]


@pytest.mark.parametrize("iod", CONSTRAINTS)
def test_what_an_iod_limits_is_a_module_of_its_own_that_asks_for_nothing(iod: str) -> None:
    assert (f"iod-{iod}", "M", None) in [tuple(use) for use in FACTS.iods[iod].modules]
    assert FACTS.modules[f"iod-{iod}"].section == CONSTRAINTS[iod].section
    for path, (kind, terms) in CONSTRAINTS[iod].values.items():
        assert allowed(f"iod-{iod}", *path) == [(None, kind, terms)]
    assert {row[1] for row in FACTS.levels[FACTS.modules[f"iod-{iod}"].level]} == {"3"}
