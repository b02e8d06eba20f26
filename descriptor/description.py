"""Describes an instance by its file."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydicom.uid import UID

from descriptor.data_set import described, first_values, json_of
from descriptor.dicom_json import PERSON_NAME_GROUPS
from descriptor.instance_description import (
    INSTANCE_KEYWORDS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    InstanceDescription,
    Values,
)
from engine.encoding.anomaly import Anomaly, AnomalyKind
from engine.encoding.elements import Buffer, Elements
from engine.encoding.mapping import map_file
from engine.encoding.reading import DicomFile, read
from engine.muting import muted
from engine.standard.facts import tag_of
from engine.tags import TRANSFER_SYNTAX_UID

_TAGS = {
    keyword: tag
    for keyword in (*STUDY_KEYWORDS, *SERIES_KEYWORDS, *INSTANCE_KEYWORDS)
    if (tag := tag_of(keyword))
}
_NUMBERS = frozenset({"SeriesNumber", "InstanceNumber", "Rows", "Columns", "NumberOfFrames"})


class _Limits(NamedTuple):
    """Where reading stops; those of the default profile, but for the memory of a process."""

    max_depth: int = 64
    """Sequences within each other; parsers of JSON follow some hundred levels, and each takes
    three."""
    max_elements: int = 2_000_000
    """Elements, items and fragments of an instance."""
    max_inflated_bytes: int = 256 * 1024 * 1024
    """The size of a deflated data set once inflated."""


LIMITS = _Limits()

_CUT_SHORT = {
    AnomalyKind.DEPTH: "depth",
    AnomalyKind.TOO_MANY_ELEMENTS: "elements",
    AnomalyKind.DEFLATE_TOO_LARGE: "inflated-size",
}
"""Why a data set is described in part, when a limit is the reason."""


def describe_instances(
    files: Sequence[tuple[Path, str]], most_bytes: int
) -> list[InstanceDescription]:
    """Describe instances, at least one, until they come to `most_bytes`; see `describe_instance`.

    Args:
        files: the path of each, and its name in the archive.
        most_bytes: of their descriptions.

    Returns:
        The descriptions of the first ones.
    """
    descriptions: list[InstanceDescription] = []
    size_bytes = 0
    for path, file in files:
        description = describe_instance(path, file)
        descriptions.append(description)
        size_bytes += len(description.dataset)
        if size_bytes > most_bytes:
            break
    return descriptions


def describe_instance(path: Path, file: str) -> InstanceDescription:
    """Describe an instance without its bulk data; memory does not grow with the file's length.

    No value makes it raise. It is meant for a process with limits on time and memory all the same,
    because the file is untrusted.

    Args:
        path: the file.
        file: its name in the archive, for references to its bulk data.

    Raises:
        OSError: the file cannot be read.
    """
    return describe_bytes(map_file(path), file)


def describe_bytes(data: Buffer, file: str) -> InstanceDescription:
    """Describe an instance by the bytes of its file; see `describe_instance`."""
    return describe_read(read_bytes(data), file)


class ReadFile(NamedTuple):
    """A file that has been read."""

    dicom: DicomFile | None
    """None if it is not a DICOM file."""
    anomalies: Collection[AnomalyKind]
    """What is wrong with its encoding."""


def read_bytes(data: Buffer) -> ReadFile:
    """Read the bytes of a file, within the limits of descriptions."""
    kinds: set[AnomalyKind] = set()

    def note(anomaly: Anomaly) -> None:
        kinds.add(anomaly.kind)

    with muted():
        return ReadFile(read(data, LIMITS, note), kinds)


def describe_read(read_file: ReadFile, file: str) -> InstanceDescription:
    """Describe an instance whose file has been read; see `describe_instance`."""
    dicom, kinds = read_file
    if dicom is None:
        return InstanceDescription({}, incomplete="structure")
    with muted():
        values = _values(dicom.dataset)
        transfer_syntax_uid = _transfer_syntax_uid(dicom)
        dataset = described(dicom.dataset, file)
        return InstanceDescription(
            values=values,
            transfer_syntax_uid=transfer_syntax_uid,
            sop_class_name=UID(str(values.get("SOPClassUID", ""))).name,
            transfer_syntax_name=UID(transfer_syntax_uid).name,
            file_meta=json_of(dicom.meta, file) if dicom.meta else b"{}",
            dataset=dataset.json,
            incomplete=_incomplete(dicom, kinds) if dataset.is_complete else "json-size",
        )


def _transfer_syntax_uid(dicom: DicomFile) -> str:
    values = first_values(dicom.meta, [TRANSFER_SYNTAX_UID]) if dicom.meta else {}
    return str(values.get(TRANSFER_SYNTAX_UID) or "")


def _incomplete(dicom: DicomFile, kinds: Collection[AnomalyKind]) -> str | None:
    """Why the description is not complete; None if it is."""
    for kind, reason in _CUT_SHORT.items():
        if kind in kinds:
            return reason
    tables = [table for table in (dicom.meta, dicom.dataset) if table]
    is_broken = any(table.has_gaps or not table.complete for table in tables)
    return "structure" if is_broken else None


def _values(dataset: Elements) -> Values:
    found = first_values(dataset, _TAGS.values())
    values: Values = {}
    for keyword, tag in _TAGS.items():
        value = _plain(found.get(tag))
        if value is not None:
            values[keyword] = value if keyword in _NUMBERS else str(value)
    return values


def _plain(value: Any) -> str | int | float | None:  # noqa: ANN401 -- any JSON value
    """A value as one string or number; a person name with ``=`` between its component groups."""
    if isinstance(value, dict):
        groups = [value.get(name, "") for name in PERSON_NAME_GROUPS]
        return "=".join(group for group in groups if isinstance(group, str)).rstrip("=") or None
    return value if isinstance(value, str | int | float) else None
