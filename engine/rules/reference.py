"""Rules of what refers to something else in the same instance (PS3.3), and of UIDs used twice."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from contracts.report import Severity
from engine.encoding.elements import TOP, Element, Elements
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.rules.multiframe import is_single_frame
from engine.tags import (
    BEAM_NUMBER,
    BEAM_SEQUENCE,
    CONTENT_SEQUENCE,
    CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE,
    DIMENSION_INDEX_POINTER,
    DIMENSION_INDEX_SEQUENCE,
    DIMENSION_INDEX_VALUES,
    ION_BEAM_SEQUENCE,
    PATIENT_BIRTH_DATE,
    PATIENT_SETUP_NUMBER,
    PATIENT_SETUP_SEQUENCE,
    PERTINENT_OTHER_EVIDENCE_SEQUENCE,
    REFERENCED_BEAM_NUMBER,
    REFERENCED_BEAM_SEQUENCE,
    REFERENCED_FRAME_NUMBER,
    REFERENCED_PATIENT_SETUP_NUMBER,
    REFERENCED_ROI_NUMBER,
    REFERENCED_SEGMENT_NUMBER,
    REFERENCED_SOP_CLASS_UID,
    REFERENCED_SOP_INSTANCE_UID,
    REFERENCED_SOP_SEQUENCE,
    ROI_CONTOUR_SEQUENCE,
    ROI_NUMBER,
    RT_ROI_OBSERVATIONS_SEQUENCE,
    SEGMENT_IDENTIFICATION_SEQUENCE,
    SEGMENT_NUMBER,
    SEGMENT_SEQUENCE,
    STRUCTURE_SET_ROI_SEQUENCE,
    STUDY_DATE,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_EVIDENCE = (CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, PERTINENT_OTHER_EVIDENCE_SEQUENCE)


class _Place(NamedTuple):
    """An element in the items of a sequence."""

    sequence: int
    tag: int


class _Reference(NamedTuple):
    """A number that names an item of another sequence."""

    by: _Place
    to: tuple[_Place, ...]
    section: str


_ROI = _Place(STRUCTURE_SET_ROI_SEQUENCE, ROI_NUMBER)
_BEAM = _Place(BEAM_SEQUENCE, BEAM_NUMBER)
_ION_BEAM = _Place(ION_BEAM_SEQUENCE, BEAM_NUMBER)
_PATIENT_SETUP = _Place(PATIENT_SETUP_SEQUENCE, PATIENT_SETUP_NUMBER)
_SEGMENT = _Place(SEGMENT_SEQUENCE, SEGMENT_NUMBER)

_REFERENCES = (
    _Reference(_Place(ROI_CONTOUR_SEQUENCE, REFERENCED_ROI_NUMBER), (_ROI,), "PS3.3 C.8.8.6"),
    _Reference(
        _Place(RT_ROI_OBSERVATIONS_SEQUENCE, REFERENCED_ROI_NUMBER), (_ROI,), "PS3.3 C.8.8.8"
    ),
    _Reference(
        _Place(REFERENCED_BEAM_SEQUENCE, REFERENCED_BEAM_NUMBER),
        (_BEAM, _ION_BEAM),
        "PS3.3 C.8.8.13",
    ),
    _Reference(
        _Place(BEAM_SEQUENCE, REFERENCED_PATIENT_SETUP_NUMBER), (_PATIENT_SETUP,), "PS3.3 C.8.8.14"
    ),
    _Reference(
        _Place(ION_BEAM_SEQUENCE, REFERENCED_PATIENT_SETUP_NUMBER),
        (_PATIENT_SETUP,),
        "PS3.3 C.8.8.25",
    ),
    _Reference(
        _Place(SEGMENT_IDENTIFICATION_SEQUENCE, REFERENCED_SEGMENT_NUMBER),
        (_SEGMENT,),
        "PS3.3 C.8.20.3",
    ),
)
_NUMBERED = (
    (_ROI, "PS3.3 C.8.8.5"),
    (_BEAM, "PS3.3 C.8.8.14"),
    (_ION_BEAM, "PS3.3 C.8.8.25"),
    (_PATIENT_SETUP, "PS3.3 C.8.8.12"),
    (_SEGMENT, "PS3.3 C.8.20.4"),
)


@RULES.check(
    "reference.dangling",
    Severity.WARNING,
    "A number refers to an item that is not there.",
    "PS3.3 C.8.8",
    why="A contour without its region, a dose without its beam, a pixel without its segment: "
    "software drops it, or joins it to the wrong one.",
    fix="Correct the number, or add the item that it names.",
)
def references_lead_somewhere(instance: Instance) -> Iterator[Violation]:
    """Regions of structure sets, beams and setups of plans, segments of segmentations."""
    dataset = instance.dataset
    for by, to, section in _REFERENCES:
        if not dataset.is_whole or all(dataset.get(place.sequence) is None for place in to):
            continue
        known = {element.integer() for place in to for element in _elements(dataset, place)}
        for element in _elements(dataset, by):
            number = element.integer()
            if number is not None and number not in known:
                expected = f"one of {len(known)} numbers given"
                yield Violation(element, expected, f"{number}", section=section)


@RULES.check(
    "reference.number-repeated",
    Severity.WARNING,
    "Two items have the number by which others refer to one of them.",
    "PS3.3 C.8.8",
    why="It is unknown which of them is meant.",
    fix="Number the items of the sequence uniquely.",
)
def numbers_are_unique(instance: Instance) -> Iterator[Violation]:
    """Of regions, beams, patient setups and segments."""
    dataset = instance.dataset
    for place, section in _NUMBERED:
        if dataset.get(place.sequence) is None:
            continue
        counts: Counter[int] = Counter()
        for element in _elements(dataset, place):
            number = element.integer()
            if number is None:
                continue
            counts[number] += 1
            if counts[number] > 1:
                yield Violation(element, "a number of its own", f"{number}", section=section)


@RULES.check(
    "reference.evidence-missing",
    Severity.WARNING,
    "An instance that the content refers to is not listed as evidence.",
    "PS3.3 C.17.2.3",
    why="Software fetches what a report or key object selection refers to by that list: the image "
    "will not be found.",
    fix="List the instance, under its study and series, in the Current Requested Procedure "
    "Evidence or the Pertinent Other Evidence Sequence.",
)
def content_is_listed_as_evidence(instance: Instance) -> Iterator[Violation]:
    """Structured reports and key object selections."""
    dataset = instance.dataset
    if dataset.get(CONTENT_SEQUENCE) is None or not dataset.is_whole:
        return
    listed, referred = set(), []
    for element in _elements(dataset, _Place(REFERENCED_SOP_SEQUENCE, REFERENCED_SOP_INSTANCE_UID)):
        top = element.trail[0]
        if top in _EVIDENCE:
            listed.add(element.text())
        elif top == CONTENT_SEQUENCE:
            referred.append(element)
    for element in referred:
        if element.text() not in listed:
            yield Violation(element, expected="an instance listed as evidence")


@RULES.check(
    "reference.dimension-count",
    Severity.WARNING,
    "A frame has another number of dimension index values than there are dimensions.",
    "PS3.3 C.7.6.17",
    why="Viewers sort the frames by these values; they cannot, or sort them wrongly.",
    fix="Give each frame one value for each item of the Dimension Index Sequence.",
)
def frames_have_an_index_in_each_dimension(instance: Instance) -> Iterator[Violation]:
    """Enhanced multi-frame images."""
    dataset = instance.dataset
    if dataset.get(DIMENSION_INDEX_SEQUENCE) is None or not dataset.is_whole:
        return
    dimensions = sum(
        1 for _ in _elements(dataset, _Place(DIMENSION_INDEX_SEQUENCE, DIMENSION_INDEX_POINTER))
    )
    for row in dataset.rows_with(DIMENSION_INDEX_VALUES):
        if dimensions and dataset.lengths[row] != 4 * dimensions:
            found = f"{dataset.lengths[row] // 4} values"
            yield Violation(Element(dataset, row), f"{dimensions} values", found)


@RULES.check(
    "reference.frame-number",
    Severity.WARNING,
    "Frames are named of an image that has only one.",
    "PS3.3 10.3",
    why="It is unknown whether the image as a whole is meant, or another one that has frames.",
    fix="Leave the frame number out, or name the SOP class of the multi-frame image.",
)
def frames_are_named_of_multi_frame_images(instance: Instance) -> Iterator[Violation]:
    """Whether the SOP class that is referred to has frames."""
    dataset, classes = instance.dataset, dict[int, str]()
    for row in dataset.rows_with(REFERENCED_FRAME_NUMBER):
        item = dataset.parents[row]
        if item not in classes:
            sop_class = dataset.level(item).get(REFERENCED_SOP_CLASS_UID)
            classes[item] = "" if sop_class is None else Element(dataset, sop_class).text()
        if is_single_frame(classes[item]) and not dataset.is_empty(row):
            yield Violation(Element(dataset, row), "no frame number", f"SOP class {classes[item]}")


@RULES.check(
    "reference.birth-after-study",
    Severity.WARNING,
    "The patient was born after the study was made.",
    "PS3.3 C.7.1.1",
    why="One of the dates is wrong, or the study belongs to another patient.",
    fix="Compare both dates with the patient's record.",
    violation=False,
)
def patient_is_born_before_the_study(instance: Instance) -> Iterator[Violation]:
    """Dates are compared as text, which for eight digits is their order."""
    birth, study = instance.dataset.get(PATIENT_BIRTH_DATE), instance.dataset.get(STUDY_DATE)
    if birth and study:
        born, made = birth.text(), study.text()
        if len(born) == len(made) == 8 and born.isdigit() and made.isdigit() and born > made:
            yield Violation(birth, expected="a date before that of the study")


def _elements(elements: Elements, place: _Place) -> Iterator[Element]:
    """The elements with a tag in any item of a sequence, wherever it is."""
    for row in elements.rows_with(place.tag):
        item = elements.parents[row]
        if item != TOP and elements.tags[elements.parents[item]] == place.sequence:
            yield Element(elements, row)
