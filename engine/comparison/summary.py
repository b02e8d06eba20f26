"""The values of one instance that are compared with those of the other instances of its study."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from engine.comparison.references import Reference, references_of
from engine.encoding.character_sets import CharacterSet, declaration
from engine.encoding.comparable import Comparable, comparable
from engine.encoding.digest import dataset_sha256
from engine.encoding.elements import Element, Elements
from engine.encoding.values import ByteOrder
from engine.instance import Instance
from engine.tags import (
    ACCESSION_NUMBER,
    BODY_PART_EXAMINED,
    COLUMNS,
    FRAME_OF_REFERENCE_UID,
    IMAGE_ORIENTATION_PATIENT,
    IMAGE_POSITION_PATIENT,
    IMAGE_TYPE,
    INSTANCE_NUMBER,
    LATERALITY,
    MANUFACTURER,
    MODALITY,
    NUMBER_OF_FRAMES,
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    PATIENT_NAME,
    PATIENT_POSITION,
    PATIENT_SEX,
    PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    PIXEL_SPACING,
    PLANE_ORIENTATION_SEQUENCE,
    PLANE_POSITION_SEQUENCE,
    ROWS,
    SERIES_DESCRIPTION,
    SERIES_INSTANCE_UID,
    SERIES_NUMBER,
    SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_DATE,
    STUDY_DESCRIPTION,
    STUDY_ID,
    STUDY_INSTANCE_UID,
    STUDY_TIME,
    TRANSFER_SYNTAX_UID,
)

PATIENT = (PATIENT_NAME, PATIENT_BIRTH_DATE, PATIENT_SEX)
"""What makes a patient besides the ID: name, birth date, sex (PS3.3 C.7.1.1)."""
STUDY = (STUDY_DATE, STUDY_TIME, ACCESSION_NUMBER, STUDY_ID, STUDY_DESCRIPTION)
"""What all instances of a study share: date, time, accession number, ID, description."""
SERIES = (
    BODY_PART_EXAMINED,
    LATERALITY,
    SERIES_NUMBER,
    SERIES_DESCRIPTION,
    MANUFACTURER,
    PATIENT_POSITION,
)
"""What all instances of a series share (PS3.3 C.7.3.1): body part, laterality, number,
description, manufacturer, patient position."""

_COMPARED = (PATIENT_ID, *PATIENT, *STUDY, *SERIES)
Digests: TypeAlias = Comparable
"""Digests of a value's beginnings instead of the beginnings themselves."""

_VALUE_LIMIT = 1024
_REMEMBERED = 1024
"""Values whose digests are kept: at most a mebibyte of them."""
_FAR = 1e9
"""No coordinate in mm is as great as this; NaN and infinity are no coordinates either."""


class Plane(NamedTuple):
    """The position of a slice in the patient (PS3.3 C.7.6.2.1.1)."""

    orientation: tuple[float, ...]
    """Direction cosines of the rows and of the columns: six numbers."""
    position: tuple[float, ...]
    """Centre of the first voxel in mm: three numbers."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The attributes that instances of one study or series share, or differ in by a rule.

    Attributes:
        shared: digests for each element of `PATIENT_ID`, `PATIENT`, `STUDY` and `SERIES` that has
            a value, one for each precision that it has (`engine.encoding.comparable`): enough to
            tell whether two instances agree, nothing to know a person by.
        instance_number: its place in the series; None if there is none.
        is_localizer: whether it is an overview that slices are planned on.
        spacing: of the pixels, as it is written.
        planes: of the slices; none where an orientation or a position is missing.
        patient_id_sha256: digest of the Patient ID without its padding; empty if there is none.
        dataset_sha256: digest of data set and transfer syntax: files with the same one are the same
            instance, whatever their file meta information (`engine.encoding.digest`). Empty where
            it was not asked for.
        frames: how many it has.
        references: the other instances that it names.
    """

    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str
    frame_of_reference_uid: str
    instance_number: int | None = None
    is_localizer: bool
    rows: int | None = None
    columns: int | None = None
    spacing: tuple[float, ...]
    planes: tuple[Plane, ...] = field(repr=False)
    shared: dict[int, Digests] = field(repr=False)
    patient_id_sha256: str = field(repr=False, default="")
    dataset_sha256: str = ""
    sop_class_uid: str = ""
    frames: int = 1
    references: tuple[Reference, ...] = field(repr=False, default=())

    @classmethod
    def of(cls, instance: Instance, *, digest: bool = True) -> "Summary":
        """The summary of an instance.

        Args:
            instance: what has been read.
            digest: whether to read all of it for `dataset_sha256`.
        """
        dataset, meta = instance.dataset, instance.meta
        return cls(
            sop_instance_uid=dataset.text(SOP_INSTANCE_UID),
            study_instance_uid=dataset.text(STUDY_INSTANCE_UID),
            series_instance_uid=dataset.text(SERIES_INSTANCE_UID),
            modality=dataset.text(MODALITY),
            frame_of_reference_uid=dataset.text(FRAME_OF_REFERENCE_UID),
            instance_number=_integer(dataset, INSTANCE_NUMBER),
            is_localizer="LOCALIZER" in dataset.text(IMAGE_TYPE).split("\\"),
            rows=_integer(dataset, ROWS),
            columns=_integer(dataset, COLUMNS),
            spacing=_numbers(dataset.get(PIXEL_SPACING), 2),
            planes=tuple(_planes(dataset)),
            shared=dict(_shared(dataset)),
            patient_id_sha256=_sha256(dataset.get(PATIENT_ID)),
            dataset_sha256=digest_of(dataset, meta) if digest else "",
            sop_class_uid=dataset.text(SOP_CLASS_UID),
            frames=_integer(dataset, NUMBER_OF_FRAMES) or 1,
            references=references_of(dataset),
        )


def digest_of(dataset: Elements, meta: Elements | None) -> str:
    """The digest of a data set and its transfer syntax, as the summary has it."""
    return dataset_sha256(dataset, meta.text(TRANSFER_SYNTAX_UID) if meta else "")


def _shared(dataset: Elements) -> Iterator[tuple[int, Digests]]:
    declared = dataset.get(SPECIFIC_CHARACTER_SET)
    characters = declaration(declared.value(_VALUE_LIMIT) if declared else b"").characters
    for tag in _COMPARED:
        if element := dataset.get(tag):
            value = element.value(_VALUE_LIMIT)
            digests = _digests(element.typed_vr, value, dataset.byte_order, characters)
            if digests:
                yield tag, digests


@lru_cache(_REMEMBERED)
def _digests(vr: int, value: bytes, byte_order: ByteOrder, characters: CharacterSet) -> Digests:
    """One digest for each beginning: what one value is the beginning of, its digests are, too.

    The instances of a study have the same values: their digests are remembered in the process.
    """
    digest, digests = hashlib.blake2b(digest_size=16), []
    for part in comparable(vr, value, byte_order, characters):
        digest.update(part.encode("utf-8", "replace"))
        digests.append(digest.hexdigest())
    return tuple(digests)


def _sha256(element: Element | None) -> str:
    value = element.value(_VALUE_LIMIT).strip(b" \0") if element else b""
    return hashlib.sha256(value).hexdigest() if value else ""


def _integer(dataset: Elements, tag: int) -> int | None:
    element = dataset.get(tag)
    return None if element is None else element.integer()


def _numbers(element: Element | None, count: int) -> tuple[float, ...]:
    """The values of a decimal string; none unless there are just so many sensible numbers."""
    if element is None:
        return ()
    try:
        numbers = tuple(map(float, element.text(_VALUE_LIMIT).split("\\")))
    except ValueError:
        return ()
    return numbers if len(numbers) == count and all(abs(n) < _FAR for n in numbers) else ()


def _plane(orientation: tuple[float, ...], position: tuple[float, ...]) -> Iterator[Plane]:
    if orientation and position:
        yield Plane(orientation, position)


def _planes(dataset: Elements) -> Iterator[Plane]:
    frames = dataset.get(PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    if frames is None:
        orientation = _numbers(dataset.get(IMAGE_ORIENTATION_PATIENT), 6)
        yield from _plane(orientation, _numbers(dataset.get(IMAGE_POSITION_PATIENT), 3))
        return
    shared = dataset.get(SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    groups = next(shared.children(), None) if shared else None
    shared_orientation = _in_group(groups, PLANE_ORIENTATION_SEQUENCE, IMAGE_ORIENTATION_PATIENT, 6)
    shared_position = _in_group(groups, PLANE_POSITION_SEQUENCE, IMAGE_POSITION_PATIENT, 3)
    for frame in frames.children():
        orientation = _in_group(frame, PLANE_ORIENTATION_SEQUENCE, IMAGE_ORIENTATION_PATIENT, 6)
        position = _in_group(frame, PLANE_POSITION_SEQUENCE, IMAGE_POSITION_PATIENT, 3)
        yield from _plane(orientation or shared_orientation, position or shared_position)


def _in_group(groups: Element | None, sequence: int, tag: int, count: int) -> tuple[float, ...]:
    """Numbers in a functional group of a frame, or of all frames; none if it is not there."""
    if groups is None:
        return ()
    elements = groups.elements
    row = elements.level(groups.row).get(sequence)
    item = None if row is None else next(elements.children(row), None)
    value = None if item is None else elements.level(item).get(tag)
    return () if value is None else _numbers(Element(elements, value), count)
