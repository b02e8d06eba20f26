"""Divides an upload of several studies: all but the first get a directory and a report.

What was rejected stays with the upload, and so does the report of every file.
"""

from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake
from contracts.report import Finding, InstanceReport, StudyReport
from contracts.volumes import INTAKE, REPORT, Volumes, uploads_path
from storage.files import new_directory, place_file, write_durably
from validator.verdict import count


def divided(report: StudyReport) -> list[StudyReport]:
    """The reports of the studies that an upload is divided into, without its first.

    Args:
        report: of the upload.
    """
    groups: defaultdict[UUID, list[InstanceReport]] = defaultdict(list)
    for instance in report.instances:
        if instance.study_id:
            groups[instance.study_id].append(instance.model_copy(update={"study_id": None}))
    return [_part(report, study_id, instances) for study_id, instances in groups.items()]


def lay_down(volumes: Volumes, intake: Intake, report: StudyReport) -> None:
    """Let each divided study appear in ``uploads/``, unless it has already.

    Its files get further names there; those of the upload stay.

    Args:
        volumes: where the upload lies.
        intake: of the upload.
        report: of the upload.

    Raises:
        OSError: whatever the file system says; try again.
    """
    source = volumes.uploaded(report.study_id)
    for part in divided(report):
        target = volumes.uploaded(part.study_id)
        if volumes.archived(part.study_id).is_dir():
            continue
        with suppress(FileExistsError), new_directory(target) as directory:
            _fill(directory, source, _intake(intake, part), part)


def _fill(directory: Path, source: Path, intake: Intake, report: StudyReport) -> None:
    for file in intake.files:
        place_file(source / file.name, directory / file.name, file.sha256)
    write_durably(directory / INTAKE, intake.to_json())
    write_durably(directory / REPORT, report.to_json())


def _part(report: StudyReport, study_id: UUID, instances: list[InstanceReport]) -> StudyReport:
    files = {instance.file for instance in instances}
    return report.model_copy(
        update={
            "study_id": study_id,
            "files": count(instances),
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


def _intake(upload: Intake, report: StudyReport) -> Intake:
    """What the gateway would have written, had the study come by itself."""
    names = {instance.file for instance in report.instances}
    files = tuple(file for file in upload.files if file.name in names)
    data = StudyUploadedData(
        directory=uploads_path(report.study_id),
        file_count=len(files),
        size_bytes=sum(file.size_bytes for file in files),
        label=upload.label,
    )
    event = StudyUploaded.new(
        source="gateway",
        subject=report.study_id,
        data=data,
        cause=upload.event,
        time=upload.event.time,
    )
    return Intake(
        event=event,
        files=files,
        profile=upload.profile,
        label=upload.label,
        resubmitted_from=upload.resubmitted_from,
        upload_id=upload.event.subject,
    )
