"""What the archive says about a study: ``metadata.json``.

The file is indented for people; the data sets in it, in the DICOM JSON Model (PS3.18 F), are not:
each takes one line, and so does the file meta information. `storage.archived` relies on it. Times
apart, the same study gives the same bytes.
"""

import platform
import shutil
from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self

import orjson

from contracts.report import Outcome
from descriptor.description import (
    INSTANCE_KEYWORDS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    InstanceDescription,
    Values,
)
from descriptor.instances import Instance, ValidatedStudy

SCHEMA_VERSION = 1
"""Rises with each breaking change of ``metadata.json``."""

_START, _BETWEEN, _END = b'  "instances": [\n', b",\n", b"\n  ]"


class StudyMetadata:
    """``metadata.json`` in the making.

    What is said of each instance goes to a file that has no name and vanishes with the process, so
    that memory holds the summary of a study only, however many instances it has.

    Args:
        study: the study as it lies in the uploads.
        directory: where there is place for that file; made if need be.
    """

    def __init__(self, study: ValidatedStudy, directory: Path) -> None:
        self._study = study
        directory.mkdir(parents=True, exist_ok=True)
        self._instances = TemporaryFile(dir=directory)  # noqa: SIM115  # closed by __exit__
        self._values: Values = {}
        self._distinct: dict[str, dict[Any, None]] = {"StudyInstanceUID": {}, "Modality": {}}
        self._series: dict[Any, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._instances.close()

    def add(self, described: Iterable[tuple[Instance, InstanceDescription]]) -> None:
        """Add instances with their descriptions: at last all of ``study.instances``, in order."""
        for instance, description in described:
            values = description.values
            for keyword in STUDY_KEYWORDS:
                if keyword in values:
                    self._values.setdefault(keyword, values[keyword])
            for keyword, found in self._distinct.items():
                if keyword in values:
                    found[values[keyword]] = None
            self._add_to_series(values)
            entry = _dump({"instances": [_entry(instance, description)]})
            text = entry.removeprefix(b"{\n" + _START).removesuffix(_END + b"\n}")
            self._instances.write(_BETWEEN + text if self._instances.tell() else text)

    def _add_to_series(self, values: Values) -> None:
        """Count an instance in its series, which gets the attributes of its first one."""
        series = self._series.setdefault(
            values.get("SeriesInstanceUID"),
            {
                **{keyword: values[keyword] for keyword in SERIES_KEYWORDS if keyword in values},
                "instance_count": 0,
                "sop_instance_uids": [],
            },
        )
        series["instance_count"] += 1
        if "SOPInstanceUID" in values:
            series["sop_instance_uids"].append(values["SOPInstanceUID"])

    def write(self, file: IO[bytes], archived_at: datetime) -> None:
        """Write the document.

        Args:
            file: where to.
            archived_at: the time, with its zone.
        """
        study = self._study
        summary = {
            "schema_version": SCHEMA_VERSION,
            "study_id": study.study_id,
            "study": self._summary(),
            "series": list(self._series.values()),
        }
        rest = {
            "validation": study.report.model_dump(mode="json", exclude_none=True),
            "provenance": _provenance(study, archived_at),
        }
        file.write(_dump(summary).removesuffix(b"\n}") + _BETWEEN + _START)
        self._instances.seek(0)
        shutil.copyfileobj(self._instances, file)
        file.write(_END + _BETWEEN + _dump(rest).removeprefix(b"{\n"))

    def _summary(self) -> dict[str, Any]:
        """The study's attributes as the first instance that has them gives them, and counts."""
        instances = self._study.instances
        return {
            **{key: self._values[key] for key in STUDY_KEYWORDS if key in self._values},
            "study_instance_uids": list(self._distinct["StudyInstanceUID"]),
            "modalities": list(self._distinct["Modality"]),
            "series_count": len(self._series),
            "instance_count": len(instances),
            "size_bytes": sum(instance.stored.size_bytes for instance in instances),
        }


def _entry(instance: Instance, description: InstanceDescription) -> dict[str, Any]:
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


def _provenance(study: ValidatedStudy, archived_at: datetime) -> dict[str, Any]:
    """Where the study came from, and what became of each file that was received."""
    intake = study.intake
    asked = intake.model_dump(
        mode="json",
        exclude_none=True,
        include={"upload_id", "label", "profile", "resubmitted_from", "skipped"},
    )
    return {
        "event_id": intake.event.id,
        **asked,
        "uploaded_at": intake.event.time,
        "validated_at": study.report.validated_at,
        "archived_at": archived_at,
        "files": _files(study),
        "software": {
            "hybrid-dicom-validator": version("hybrid-dicom-validator"),
            "python": platform.python_version(),
            "pydicom": version("pydicom"),
        },
    }


def _files(study: ValidatedStudy) -> list[dict[str, Any]]:
    names = {instance.stored.sha256: instance.file for instance in study.instances}
    files = []
    for file in study.intake.files:
        outcome = study.outcome(file)
        entry: dict[str, Any] = {**file.model_dump(), "outcome": outcome}
        if outcome is not Outcome.REJECTED and file.sha256 in study.elsewhere:
            entry["study_id"] = study.elsewhere[file.sha256]
        elif outcome is not Outcome.REJECTED:
            entry["archived_as"] = names[file.sha256]
        files.append(entry)
    return files


def _dump(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
