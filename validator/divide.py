"""Divides an upload of several studies: each further study gets a folder of its own.

The first study keeps the id and the folder of the upload, with the files that were rejected and
the report on every file.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO
from uuid import UUID

from contracts.intake import Intake
from contracts.places import Place
from contracts.report import Finding, InstanceReport, StudyReport
from storage.layout import INTAKE, REPORT
from storage.study_store import StudyStore
from validator.decide import count


@dataclass(frozen=True)
class Part:
    """A study that an upload is divided into."""

    intake: Intake
    report: StudyReport


def divide(intake: Intake, report: StudyReport) -> list[Part]:
    """The studies that an upload is divided into, without its first.

    Args:
        intake: of the upload.
        report: of the upload.
    """
    groups: defaultdict[UUID, list[InstanceReport]] = defaultdict(list)
    for instance in report.instances:
        if instance.study_id:
            groups[instance.study_id].append(instance.model_copy(update={"study_id": None}))
    return [
        Part(_intake(intake, study_id, instances), _report(report, study_id, instances))
        for study_id, instances in groups.items()
    ]


def commit_parts(studies: StudyStore, upload_id: UUID, parts: Sequence[Part]) -> None:
    """Make the studies of an upload appear among the uploads, unless they are there already.

    Their files are linked; those of the upload stay. Blocks.

    Raises:
        OSError: the store failed; try again.
    """
    source = studies.uploaded(upload_id)
    for part in parts:
        study_id = part.report.study_id
        if studies.archived(study_id).exists():
            continue
        with suppress(FileExistsError), studies.draft(Place.UPLOADS, study_id) as draft:
            for file in part.intake.files:
                draft.link(source.file(file.name).key, file.name, file.sha256)
            with draft.create(REPORT) as report:
                report.write(part.report.to_json())
            draft.commit(INTAKE, partial(_write, part.intake.to_json()))


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _report(report: StudyReport, study_id: UUID, instances: list[InstanceReport]) -> StudyReport:
    files = {instance.file for instance in instances}
    return report.model_copy(
        update={
            "study_id": study_id,
            "files": count(instances),
            "not_listed": (),  # the upload's report has them
            "findings": tuple(
                _about(finding, files)
                for finding in report.findings
                if finding.study_id == study_id and (not finding.files or files & {*finding.files})
            ),
            "instances": tuple(instances),
        }
    )


def _about(finding: Finding, files: set[str]) -> Finding:
    """A finding about the study, with those of its files that are in it."""
    own = tuple(name for name in finding.files if name in files)
    return finding.model_copy(update={"files": own, "study_id": None})


def _intake(upload: Intake, study_id: UUID, instances: list[InstanceReport]) -> Intake:
    """What is known of the study, as if it had been sent by itself.

    Its event is derived from that of the upload, so that dividing again makes the same event.
    """
    names = {instance.file for instance in instances}
    return Intake.new(
        study_id,
        [file for file in upload.files if file.name in names],
        source="validator",
        cause=upload.event,
        time=upload.event.time,
        label=upload.label,
        profile=upload.profile,
        upload_id=upload.event.subject,
        resubmitted_from=upload.resubmitted_from,
    )
