"""Rules of what orders the frames of an image (PS3.3 C.7.6.6)."""

from collections.abc import Iterator
from functools import lru_cache

from contracts.report import Severity
from engine.encoding import vr as vrs
from engine.encoding.elements import Element
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.standard.facts import load
from engine.tags import (
    ANGULAR_VIEW_VECTOR,
    DETECTOR_VECTOR,
    ENERGY_WINDOW_VECTOR,
    FRAME_INCREMENT_POINTER,
    FRAME_LABEL_VECTOR,
    FRAME_TIME_VECTOR,
    GRID_FRAME_OFFSET_VECTOR,
    NUMBER_OF_FRAMES,
    PHASE_VECTOR,
    ROTATION_VECTOR,
    RR_INTERVAL_VECTOR,
    SLICE_LOCATION_VECTOR,
    SLICE_VECTOR,
    SOP_CLASS_UID,
    TIME_SLICE_VECTOR,
    TIME_SLOT_VECTOR,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_REMEMBERED = 256
"""SOP classes whose answer is kept; there are fewer, but a file can name any number."""

_VECTORS = (
    FRAME_TIME_VECTOR,
    FRAME_LABEL_VECTOR,
    SLICE_LOCATION_VECTOR,
    ENERGY_WINDOW_VECTOR,
    DETECTOR_VECTOR,
    PHASE_VECTOR,
    ROTATION_VECTOR,
    RR_INTERVAL_VECTOR,
    TIME_SLOT_VECTOR,
    SLICE_VECTOR,
    ANGULAR_VIEW_VECTOR,
    TIME_SLICE_VECTOR,
    GRID_FRAME_OFFSET_VECTOR,
)
"""Attributes with one value for each frame."""


@RULES.check(
    "multiframe.vector",
    Severity.WARNING,
    "An attribute with a value for each frame has another number of values than there are frames.",
    "PS3.3 C.7.6.6",
    why="The time, place or phase of some frames is unknown, or belongs to other frames.",
    fix="Write as many values as NumberOfFrames says.",
)
def vectors_have_a_value_for_each_frame(instance: Instance) -> Iterator[Violation]:
    """In images alone: a vector elsewhere has nothing to count."""
    frames = instance.image.number(NUMBER_OF_FRAMES) if instance.image else None
    if frames is None:
        return
    for tag in _VECTORS:
        element = instance.dataset.get(tag)
        if element and element.length:
            count = _count(element)
            if count != frames:
                yield Violation(element, f"{frames} values", f"{count}")


@RULES.check(
    "multiframe.pointer",
    Severity.WARNING,
    "FrameIncrementPointer names an attribute that is not there.",
    "PS3.3 C.7.6.6",
    why="Players do not know how long to show a frame, or in what order.",
    fix="Add the attribute that it names, or point at the one that is there.",
)
def pointed_attributes_are_present(instance: Instance) -> Iterator[Violation]:
    """Each value is the tag of an attribute of the same data set."""
    element = instance.dataset.get(FRAME_INCREMENT_POINTER)
    if element is None or element.vr != vrs.CODES[b"AT"]:
        return
    order = element.elements.byte_order
    value = element.value(64)
    for start in range(0, len(value) - 3, 4):
        group = int.from_bytes(value[start : start + 2], order)
        number = int.from_bytes(value[start + 2 : start + 4], order)
        tag = group << 16 | number
        if not instance.dataset.get(tag) and not instance.dataset.may_have(tag):
            yield Violation(element, f"an attribute ({group:04X},{number:04X})")


@RULES.check(
    "multiframe.not-multiframe",
    Severity.WARNING,
    "There is more than one frame in an image of a SOP class of single frames.",
    "PS3.3 C.7.6.6",
    why="Software that goes by the SOP class shows the first frame and hides the others.",
    fix="Use the multi-frame SOP class of the same kind, or write each frame into an instance of "
    "its own.",
)
def frames_are_of_a_multi_frame_class(instance: Instance) -> Iterator[Violation]:
    """Whether one has the Multi-frame module; an extension cannot add it (PS3.2 7.3)."""
    element = instance.dataset.get(NUMBER_OF_FRAMES)
    if element is None or not instance.image or instance.image.frames == 1:
        return
    if is_single_frame(instance.dataset.text(SOP_CLASS_UID)):
        yield Violation(element, "1", f"{instance.image.frames}")


@lru_cache(_REMEMBERED)
def is_single_frame(sop_class: str) -> bool:
    """Whether a storage SOP class is known and has no attribute for a number of frames."""
    facts = load()
    iod = facts.iod_of(sop_class)
    return iod is not None and not any(
        attribute.tag == NUMBER_OF_FRAMES
        for usage in iod.modules
        for attribute in facts.levels[facts.modules[usage.module].level]
    )


def _count(element: Element) -> int:
    if element.typed_vr in vrs.TEXT:
        return element.value(1 << 24).count(b"\\") + 1
    return element.length // 2  # the others are of 16 bits
