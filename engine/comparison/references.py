"""What one instance says of others: what class they are of, how many frames, in which space."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from engine.encoding.elements import TOP, Element, Elements
from engine.tags import (
    FRAME_OF_REFERENCE_UID,
    REFERENCED_FRAME_NUMBER,
    REFERENCED_FRAME_OF_REFERENCE_SEQUENCE,
    REFERENCED_SOP_CLASS_UID,
    REFERENCED_SOP_INSTANCE_UID,
    SOP_CLASS_UID,
)

_MOST = 4096
"""How many references of an instance are looked at: more are those of contours, all alike."""
_FRAMES_LIMIT = 1024
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_IN_SPACE = frozenset(_STORAGE + end for end in ("66.4", "66.5", "66.7", "30", "481.2"))
"""Segmentations, parametric maps and doses: they are in the space of what they are made from."""


class Reference(NamedTuple):
    """What an instance says of another one."""

    instance: str
    """Its SOP Instance UID."""
    sop_class: str
    """Its SOP Class UID; empty if nothing is said of it."""
    last_frame: int
    """The highest number of a frame; 0 if no frame is named."""
    space: str
    """The Frame of Reference UID that it is to have; empty if nothing follows of it."""


def references_of(dataset: Elements) -> tuple[Reference, ...]:
    """The instances that a data set names, each once; of very many the first."""
    found: dict[str, Reference] = {}
    own = _space_of(dataset)
    for row in islice(dataset.rows_with(REFERENCED_SOP_INSTANCE_UID), _MOST):
        item = dataset.parents[row]
        uid = Element(dataset, row).text()
        if uid and item != TOP:
            reference = _reference(dataset, item, uid, own)
            known = found.get(uid)
            if known is None or reference.last_frame > known.last_frame:
                found[uid] = reference
    return tuple(found.values())


def _reference(dataset: Elements, item: int, uid: str, own: str) -> Reference:
    rows = dataset.level(item)
    sop_class = rows.get(REFERENCED_SOP_CLASS_UID)
    frames = rows.get(REFERENCED_FRAME_NUMBER)
    return Reference(
        uid,
        "" if sop_class is None else Element(dataset, sop_class).text(),
        0 if frames is None else max(_numbers(Element(dataset, frames)), default=0),
        _stated_space(dataset, item) or own,
    )


def _space_of(dataset: Elements) -> str:
    is_in_space = dataset.text(SOP_CLASS_UID) in _IN_SPACE
    return dataset.text(FRAME_OF_REFERENCE_UID) if is_in_space else ""


def _stated_space(dataset: Elements, item: int) -> str:
    """The space that a structure set lists the series in (PS3.3 C.8.8.5)."""
    while item != TOP:
        sequence = dataset.parents[item]
        if dataset.tags[sequence] == REFERENCED_FRAME_OF_REFERENCE_SEQUENCE:
            row = dataset.level(item).get(FRAME_OF_REFERENCE_UID)
            return "" if row is None else Element(dataset, row).text()
        item = dataset.parents[sequence]
    return ""


def _numbers(element: Element) -> Iterator[int]:
    texts = element.text(_FRAMES_LIMIT).split("\\")
    return (int(text) for text in map(str.strip, texts) if text.isascii() and text.isdigit())
