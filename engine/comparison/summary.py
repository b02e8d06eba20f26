"""What is known of one instance when it is compared with the others of its study."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.encoding.elements import Element, Elements
from engine.instance import Instance

SOP_INSTANCE_UID = 0x00080018
MODALITY = 0x00080060
PATIENT_ID = 0x00100020
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E
INSTANCE_NUMBER = 0x00200013
IMAGE_POSITION = 0x00200032
IMAGE_ORIENTATION = 0x00200037
FRAME_OF_REFERENCE_UID = 0x00200052
ROWS = 0x00280010
COLUMNS = 0x00280011
PIXEL_SPACING = 0x00280030
_IMAGE_TYPE = 0x00080008
_SHARED_GROUPS = 0x52009229
_FRAME_GROUPS = 0x52009230
_PLANE_POSITION = 0x00209113
_PLANE_ORIENTATION = 0x00209116

PATIENT = (0x00100010, 0x00100030, 0x00100040)
"""What makes a patient besides the ID: name, birth date, sex (PS3.3 C.7.1.1)."""
STUDY = (0x00080020, 0x00080030, 0x00080050, 0x00200010, 0x00081030)
"""What all instances of a study share: date, time, accession number, ID, description."""
SERIES = (0x00180015, 0x00200060, 0x00200011, 0x0008103E, 0x00080070, 0x00185100)
"""What all instances of a series share (PS3.3 C.7.3.1): body part, laterality, number,
description, manufacturer, patient position."""

_VALUE_LIMIT = 1024
_FAR = 1e9
"""No coordinate in mm is as great as this; NaN and infinity are no coordinates either."""


class Plane(NamedTuple):
    """Where a slice lies in the patient (PS3.3 C.7.6.2.1.1)."""

    orientation: tuple[float, ...]
    """Direction cosines of the rows and of the columns: six numbers."""
    position: tuple[float, ...]
    """Centre of the first voxel in mm: three numbers."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The attributes that instances of one study or series share, or differ in by a rule.

    Attributes:
        shared: a digest for each element of `PATIENT_ID`, `PATIENT`, `STUDY` and `SERIES` that has
            a value: enough to tell whether two instances agree, nothing to know a person by.
        instance_number: its place in the series; None if there is none.
        is_localizer: whether it is an overview that slices are planned on.
        spacing: of the pixels, as it is written.
        planes: of the slices; none where an orientation or a position is missing.
        patient_id_sha256: digest of the Patient ID without its padding; empty if there is none.
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
    shared: dict[int, str] = field(repr=False)
    patient_id_sha256: str = field(repr=False, default="")

    @classmethod
    def of(cls, instance: Instance) -> "Summary":
        """The summary of an instance."""
        dataset = instance.dataset
        return cls(
            sop_instance_uid=dataset.text(SOP_INSTANCE_UID),
            study_instance_uid=dataset.text(STUDY_INSTANCE_UID),
            series_instance_uid=dataset.text(SERIES_INSTANCE_UID),
            modality=dataset.text(MODALITY),
            frame_of_reference_uid=dataset.text(FRAME_OF_REFERENCE_UID),
            instance_number=_integer(dataset, INSTANCE_NUMBER),
            is_localizer="LOCALIZER" in dataset.text(_IMAGE_TYPE).split("\\"),
            rows=_integer(dataset, ROWS),
            columns=_integer(dataset, COLUMNS),
            spacing=_numbers(dataset.get(PIXEL_SPACING), 2),
            planes=tuple(_planes(dataset)),
            shared={
                tag: hashlib.blake2b(value, digest_size=16).hexdigest()
                for tag in (PATIENT_ID, *PATIENT, *STUDY, *SERIES)
                if (element := dataset.get(tag)) and (value := _normal(element))
            },
            patient_id_sha256=_sha256(dataset.get(PATIENT_ID)),
        )


def _normal(element: Element) -> bytes:
    return element.value(_VALUE_LIMIT).strip(b" \0")


def _sha256(element: Element | None) -> str:
    value = _normal(element) if element else b""
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
    frames = dataset.get(_FRAME_GROUPS)
    if frames is None:
        orientation = _numbers(dataset.get(IMAGE_ORIENTATION), 6)
        yield from _plane(orientation, _numbers(dataset.get(IMAGE_POSITION), 3))
        return
    shared = dataset.get(_SHARED_GROUPS)
    groups = next(shared.children(), None) if shared else None
    shared_orientation = _in_group(groups, _PLANE_ORIENTATION, IMAGE_ORIENTATION, 6)
    shared_position = _in_group(groups, _PLANE_POSITION, IMAGE_POSITION, 3)
    for frame in frames.children():
        orientation = _in_group(frame, _PLANE_ORIENTATION, IMAGE_ORIENTATION, 6)
        position = _in_group(frame, _PLANE_POSITION, IMAGE_POSITION, 3)
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
