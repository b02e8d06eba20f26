"""What the index knows of a study: its instances and their UIDs, read with little effort.

The archive may have millions of instances. So only the beginning of ``metadata.json`` is read, and
of the reports in it only what the index needs. In the metadata of version 0.1 the report comes
last; those are read to their end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import AwareDatetime

from contracts.model import Contract, is_uid
from contracts.report import Outcome
from storage.layout import METADATA, REPORT
from storage.metadata import read_header
from storage.reservation import Content
from storage.study_folder import StudyFolder


@dataclass(frozen=True)
class IndexedStudy:
    """A study as the index has it.

    Attributes:
        instances: the contents of its valid instances by their SOP Instance UIDs.
        study_instance_uids: of these instances.
        archived_at: when it came to the archive; of one that is not there yet, far in the future.
    """

    instances: dict[str, Content]
    study_instance_uids: frozenset[str]
    archived_at: datetime


def archived_study(folder: StudyFolder) -> IndexedStudy:
    """A study in the archive. Blocks.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: its metadata is broken.
    """
    with folder.file(METADATA).open() as file:
        header = _Header.model_validate_json(read_header(file))
    return _indexed(header.validation.instances, header.provenance.archived_at)


def validated_study(folder: StudyFolder) -> IndexedStudy:
    """A study in the uploads that has been validated. Blocks.

    Raises:
        FileNotFoundError: it is not there, or has no report yet.
        ValueError: its report is broken.
    """
    report = _Report.model_validate_json(folder.file(REPORT).read())
    return _indexed(report.instances, datetime.max.replace(tzinfo=UTC))


class _Identity(Contract):
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    transfer_syntax_uid: str = ""


class _Instance(Contract):
    sha256: str
    dataset_sha256: str = ""
    outcome: Outcome
    study_id: UUID | None = None
    identity: _Identity


class _Report(Contract):
    instances: tuple[_Instance, ...]


class _Provenance(Contract):
    archived_at: AwareDatetime


class _Header(Contract):
    validation: _Report
    provenance: _Provenance


def _indexed(reports: Iterable[_Instance], archived_at: datetime) -> IndexedStudy:
    own = [
        report
        for report in reports
        if report.outcome is not Outcome.REJECTED
        and not report.study_id
        and is_uid(report.identity.sop_instance_uid)
    ]
    return IndexedStudy(
        # Of files with the same UID the first is the one that was kept.
        instances={
            report.identity.sop_instance_uid: Content(
                report.sha256, report.dataset_sha256, report.identity.transfer_syntax_uid
            )
            for report in reversed(own)
        },
        study_instance_uids=frozenset(report.identity.study_instance_uid for report in own) - {""},
        archived_at=archived_at,
    )
