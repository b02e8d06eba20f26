"""The content of ``metadata.json``; `storage.metadata` has its format.

The same study gives the same bytes, except for the times.
"""

import platform
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import IO, Any, Self

from contracts.report import Outcome
from descriptor.archived import Archived, repeated
from descriptor.instance_description import (
    INSTANCE_KEYWORDS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    InstanceDescription,
    Values,
)
from descriptor.instances import Instance, ValidatedStudy
from storage.metadata import MetadataWriter

SCHEMA_VERSION = 1
"""Rises with each breaking change of ``metadata.json``."""
MOST_BYTES = 2 * 1024**3
"""When the descriptions of a study come to more, further instances have none."""
_SOFTWARE = {
    "hybrid-dicom-validator": version("hybrid-dicom-validator"),
    "python": platform.python_version(),
    "pydicom": version("pydicom"),
}


class StudyMetadata:
    """Collects the descriptions of a study's instances, and writes ``metadata.json``.

    Memory holds only the summary of the study, however many instances it has.

    Args:
        study: the study among the uploads.
        temporary: an empty file for the entries of the instances.
        began_at: when the archiving began, with its zone.
    """

    def __init__(self, study: ValidatedStudy, temporary: IO[bytes], began_at: datetime) -> None:
        self.study = study
        self._began_at = began_at
        self._writer = MetadataWriter(temporary)
        self._values: Values = {}
        self._distinct: dict[str, dict[Any, None]] = {"StudyInstanceUID": {}, "Modality": {}}
        self._series: dict[Any, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, described: Iterable[tuple[Instance, InstanceDescription]]) -> None:
        """Add instances with their descriptions, in the order of ``study.instances``."""
        for instance, description in described:
            values = description.values
            for keyword in STUDY_KEYWORDS:
                if keyword in values:
                    self._values.setdefault(keyword, values[keyword])
            for keyword, found in self._distinct.items():
                if keyword in values:
                    found[values[keyword]] = None
            self._add_to_series(values)
            shown = description
            if self._writer.size_bytes > MOST_BYTES:
                shown = replace(
                    description, dataset=b"{}", dataset_file=None, incomplete="study-size"
                )
            dataset = shown.dataset_file or shown.dataset
            self._writer.add_instance(_entry(instance, shown), shown.file_meta, dataset)

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
        study = self.study
        header = {
            "schema_version": SCHEMA_VERSION,
            "study_id": study.study_id,
            "study": self._summary(),
            "series": list(self._series.values()),
            "validation": study.report.model_dump(mode="json", exclude_none=True),
            "provenance": _provenance(study, self._began_at, archived_at),
        }
        self._writer.write(file, header)

    def archived(self) -> Archived:
        """The study in short, once it is in the archive."""
        instances = self.study.instances
        return Archived(
            study_instance_uids=list(self._distinct["StudyInstanceUID"]),
            instance_count=len(instances),
            size_bytes=sum(instance.stored.size_bytes for instance in instances),
            repeated=repeated(self.study.report),
            duplicate_of=self.study.report.duplicate_of,
        )

    def _summary(self) -> dict[str, Any]:
        """The study's attributes as the first instance that has them gives them, and counts."""
        archived = self.archived()
        return {
            **{key: self._values[key] for key in STUDY_KEYWORDS if key in self._values},
            "study_instance_uids": archived.study_instance_uids,
            "modalities": list(self._distinct["Modality"]),
            "series_count": len(self._series),
            "instance_count": archived.instance_count,
            "size_bytes": archived.size_bytes,
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
    return entry


def _provenance(study: ValidatedStudy, began_at: datetime, archived_at: datetime) -> dict[str, Any]:
    """Where the study came from, and the outcome of each file that was received."""
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
        "archiving_began_at": began_at,
        "archived_at": archived_at,
        "files": _files(study),
        "software": _SOFTWARE,
    }


def _files(study: ValidatedStudy) -> list[dict[str, Any]]:
    names = {instance.report.content: instance.file for instance in study.instances}
    files = []
    for file in study.intake.files:
        outcome = study.outcome(file)
        entry: dict[str, Any] = {**file.model_dump(), "outcome": outcome}
        if outcome is not Outcome.REJECTED:
            content = study.content(file)
            if content in study.elsewhere:
                entry["study_id"] = study.elsewhere[content]
            else:
                entry["archived_as"] = names[content]
        files.append(entry)
    return files
