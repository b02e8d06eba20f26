"""Describes an instance: its data set in the DICOM JSON Model, and what a summary needs of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydicom.datadict import tag_for_keyword
from pydicom.uid import UID

from contracts.report import Identity
from descriptor.dicom_file import read_file
from descriptor.dicom_json import PERSON_NAME_GROUPS, Attribute, first_value
from descriptor.silence import silence

STUDY_KEYWORDS = (
    "StudyInstanceUID",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "AccessionNumber",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
)
SERIES_KEYWORDS = (
    "SeriesInstanceUID",
    "Modality",
    "SeriesNumber",
    "SeriesDescription",
    "BodyPartExamined",
)
INSTANCE_KEYWORDS = (
    "SOPInstanceUID",
    "SOPClassUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
)

_KEYS = {
    keyword: f"{tag_for_keyword(keyword):08X}"
    for keyword in (*STUDY_KEYWORDS, *SERIES_KEYWORDS, *INSTANCE_KEYWORDS)
}
_NUMBERS = frozenset({"SeriesNumber", "InstanceNumber", "Rows", "Columns", "NumberOfFrames"})

MOST_BYTES_AT_ONCE = 4 * 1024 * 1024
"""When the descriptions of some instances come to more, the rest is left for the next time."""

Values = dict[str, str | int | float]
"""The first values of the summarised attributes, by keyword; absent where there is none."""


@dataclass(frozen=True)
class InstanceDescription:
    """What was read of an instance; fit to be sent between processes."""

    values: Values
    """Numbers are text where the file has text; all others are text always."""
    transfer_syntax_uid: str = ""
    sop_class_name: str = ""
    """As the standard names it; the UID where it does not."""
    transfer_syntax_name: str = ""
    """As the standard names it; the UID where it does not."""
    file_meta: bytes = b"{}"
    """The file meta information in the DICOM JSON Model, as JSON."""
    dataset: bytes = b"{}"
    """The data set in the DICOM JSON Model, as JSON."""
    incomplete: str | None = None
    """Why the data set is not all there, see `descriptor.dataset.DataSet`; else None."""


def describe_instances(files: Sequence[tuple[Path, str]]) -> list[InstanceDescription]:
    """Describe instances, at least one, until it is much; see `describe_instance`.

    Args:
        files: where each lies, and its name in the archive.

    Returns:
        Descriptions of the first so many.
    """
    descriptions: list[InstanceDescription] = []
    size_bytes = 0
    for path, file in files:
        description = describe_instance(path, file)
        descriptions.append(description)
        size_bytes += len(description.dataset)
        if size_bytes > MOST_BYTES_AT_ONCE:
            break
    return descriptions


def describe_instance(path: Path, file: str) -> InstanceDescription:
    """Describe an instance without its bulk data; memory does not grow with the file's length.

    However odd the values are, nothing is raised for them. It is made for a process with limits on
    time and memory all the same: the file is a stranger's.

    Args:
        path: where it lies.
        file: its name in the archive, for references to its bulk data.
    """
    with silence(), path.open("rb") as stream:
        dicom = read_file(stream, file)
        attributes = dicom.dataset.attributes
        values = _values(attributes)
        return InstanceDescription(
            values=values,
            transfer_syntax_uid=dicom.transfer_syntax_uid,
            sop_class_name=UID(str(values.get("SOPClassUID", ""))).name,
            transfer_syntax_name=UID(dicom.transfer_syntax_uid).name,
            file_meta=orjson.dumps(dicom.file_meta.attributes, option=orjson.OPT_SORT_KEYS),
            dataset=orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS),
            incomplete=dicom.file_meta.incomplete or dicom.dataset.incomplete,
        )


def undescribed(identity: Identity) -> InstanceDescription:
    """What is known of an instance whose description came to no end: what the report says of it."""
    values: Values = {
        "StudyInstanceUID": identity.study_instance_uid,
        "SeriesInstanceUID": identity.series_instance_uid,
        "Modality": identity.modality,
        "SOPClassUID": identity.sop_class_uid,
        "SOPInstanceUID": identity.sop_instance_uid,
    }
    return InstanceDescription(
        values={keyword: value for keyword, value in values.items() if value},
        transfer_syntax_uid=identity.transfer_syntax_uid,
        sop_class_name=identity.sop_class_uid,
        transfer_syntax_name=identity.transfer_syntax_uid,
        incomplete="undescribed",
    )


def _values(attributes: dict[str, Attribute]) -> Values:
    values: Values = {}
    for keyword, key in _KEYS.items():
        value = _plain(first_value(attributes, key))
        if value is not None:
            values[keyword] = value if keyword in _NUMBERS else str(value)
    return values


def _plain(value: Any) -> str | int | float | None:  # noqa: ANN401 -- any JSON value
    """A value as one string or number; a person name with ``=`` between its component groups."""
    if isinstance(value, dict):
        groups = [value.get(name, "") for name in PERSON_NAME_GROUPS]
        return "=".join(group for group in groups if isinstance(group, str)).rstrip("=") or None
    return value if isinstance(value, str | int | float) else None
