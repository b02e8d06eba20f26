"""What is announced of an archived study, and entered in the index."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self
from uuid import UUID

from contracts.report import StudyReport
from storage.metadata import ArchivedStudy
from storage.reservation import Content, contents_of


class Archived(NamedTuple):
    """A study in the archive, in short."""

    study_instance_uids: Sequence[str]
    instance_count: int
    size_bytes: int
    """Of its instances together."""
    repeated: Mapping[str, Content]
    """Those that came before in another upload, by their SOP Instance UIDs."""
    duplicate_of: tuple[UUID, ...]
    """The studies that had all of them before."""

    @classmethod
    def of(cls, study: ArchivedStudy) -> Self:
        """What the archive knows, in short."""
        return cls(
            study_instance_uids=study.study["study_instance_uids"],
            instance_count=len(study.instances),
            size_bytes=sum(instance.size_bytes for instance in study.instances),
            repeated=repeated(study.validation),
            duplicate_of=study.validation.duplicate_of,
        )


def repeated(report: StudyReport) -> dict[str, Content]:
    """The instances of a study that came before in another upload."""
    return contents_of(instance for instance in report.own if instance.reserved_for)
