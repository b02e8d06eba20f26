"""What the archive says about a study: ``metadata.json``.

The file is indented for people; the data sets in it, in the DICOM JSON Model (PS3.18 F), are not:
each takes one line. Times apart, the same study gives the same bytes.
"""

import logging
import platform
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from pydicom.datadict import tag_for_keyword
from pydicom.uid import UID

from contracts.report import Identity, Outcome
from descriptor.dicom_file import read_file
from descriptor.dicom_json import PERSON_NAME_GROUPS, first_value
from descriptor.instances import Instance, ValidatedStudy

SCHEMA_VERSION = 1
"""Rises with each breaking change of ``metadata.json``."""

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


@dataclass(frozen=True)
class InstanceDescription:
    """What was read of an instance; fit to be sent between processes."""

    values: dict[str, str | int | float]
    """The first values of the summarised attributes, by keyword; absent where there is none."""
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


def describe_instance(path: Path, file: str) -> InstanceDescription:
    """Describe an instance without its bulk data; memory does not grow with the file's length.

    However odd the values are, nothing is raised for them. It is made for a process with limits on
    time and memory all the same: the file is a stranger's.

    Args:
        path: where it lies.
        file: its name in the archive, for references to its bulk data.
    """
    with _silence(), path.open("rb") as stream:
        dicom = read_file(stream, file)
        attributes = dicom.dataset.attributes
        found = {keyword: _plain(first_value(attributes, key)) for keyword, key in _KEYS.items()}
        values = {keyword: value for keyword, value in found.items() if value is not None}
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
    values: dict[str, str | int | float] = {
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


def study_metadata(
    study: ValidatedStudy,
    descriptions: Sequence[InstanceDescription],
    archived_at: datetime,
) -> bytes:
    """The content of ``metadata.json``.

    Args:
        study: the study as it lies in the uploads.
        descriptions: of ``study.instances``, in their order.
        archived_at: the time, with its zone.
    """
    event = study.intake.event
    document = {
        "schema_version": SCHEMA_VERSION,
        "study_id": study.study_id,
        "study": _study(study, descriptions),
        "series": _series(descriptions),
        "instances": [
            _instance(instance, description)
            for instance, description in zip(study.instances, descriptions, strict=True)
        ],
        "validation": study.report.model_dump(mode="json", exclude_none=True),
        "provenance": {
            "event_id": event.id,
            "uploaded_at": event.time,
            "validated_at": study.report.validated_at,
            "archived_at": archived_at,
            "files": _files(study),
            "software": {
                "hybrid-dicom-validator": version("hybrid-dicom-validator"),
                "python": platform.python_version(),
                "pydicom": version("pydicom"),
            },
        },
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def _study(study: ValidatedStudy, descriptions: Sequence[InstanceDescription]) -> dict[str, Any]:
    """The study's attributes as the first instance that has them gives them, and counts."""
    first: dict[str, Any] = {}
    for description in descriptions:
        for keyword in STUDY_KEYWORDS:
            if keyword in description.values:
                first.setdefault(keyword, description.values[keyword])
    return {
        **{keyword: first[keyword] for keyword in STUDY_KEYWORDS if keyword in first},
        "study_instance_uids": _distinct(descriptions, "StudyInstanceUID"),
        "modalities": _distinct(descriptions, "Modality"),
        "series_count": len(_series(descriptions)),
        "instance_count": len(study.instances),
        "size_bytes": sum(instance.stored.size_bytes for instance in study.instances),
    }


def _series(descriptions: Sequence[InstanceDescription]) -> list[dict[str, Any]]:
    """The series in the order of their first instances, whose attributes they get."""
    series: dict[Any, dict[str, Any]] = {}
    for description in descriptions:
        values = description.values
        entry = series.setdefault(
            values.get("SeriesInstanceUID"),
            {
                **{keyword: values[keyword] for keyword in SERIES_KEYWORDS if keyword in values},
                "instance_count": 0,
                "sop_instance_uids": [],
            },
        )
        entry["instance_count"] += 1
        if "SOPInstanceUID" in values:
            entry["sop_instance_uids"].append(values["SOPInstanceUID"])
    return list(series.values())


def _instance(instance: Instance, description: InstanceDescription) -> dict[str, Any]:
    values = description.values
    entry: dict[str, Any] = {
        "file": instance.file,
        "sha256": instance.stored.sha256,
        "size_bytes": instance.stored.size_bytes,
        "sent_as": instance.stored.sent_as,
        **{keyword: values[keyword] for keyword in INSTANCE_KEYWORDS if keyword in values},
        "sop_class": description.sop_class_name,
        "transfer_syntax_uid": description.transfer_syntax_uid,
        "transfer_syntax": description.transfer_syntax_name,
    }
    if description.incomplete:
        entry["incomplete"] = description.incomplete
    entry["file_meta"] = orjson.Fragment(description.file_meta)
    entry["dataset"] = orjson.Fragment(description.dataset)
    return entry


def _files(study: ValidatedStudy) -> list[dict[str, Any]]:
    """The files as they were received, and what became of each."""
    names = {instance.stored.sha256: instance.file for instance in study.instances}
    files = []
    for file in study.intake.files:
        outcome = study.outcomes[file.name]
        entry = {**file.model_dump(), "outcome": outcome}
        if outcome is Outcome.ACCEPTED:
            entry["archived_as"] = names[file.sha256]
        files.append(entry)
    return files


def _distinct(descriptions: Sequence[InstanceDescription], keyword: str) -> list[Any]:
    values = (description.values.get(keyword) for description in descriptions)
    return list(dict.fromkeys(value for value in values if value is not None))


def _plain(value: Any) -> str | int | float | None:  # noqa: ANN401 -- any JSON value
    """A value as one string or number; a person name with ``=`` between its component groups."""
    if isinstance(value, dict):
        groups = [value.get(name, "") for name in PERSON_NAME_GROUPS]
        return "=".join(group for group in groups if isinstance(group, str)).rstrip("=") or None
    return value if isinstance(value, str | int | float) else None


@contextmanager
def _silence() -> Iterator[None]:
    """Let no warning and no log of pydicom out: they quote values."""
    logger = logging.getLogger("pydicom")
    disabled = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = disabled
