"""What a SOP Instance UID is reserved for: the content of an instance, and a study."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from contracts.model import is_uid
from contracts.report import InstanceReport


class Content(NamedTuple):
    """What two files with one SOP Instance UID are compared by."""

    sha256: str
    """Digest of the file."""
    dataset_sha256: str = ""
    """Digest of data set and transfer syntax; empty if it is unknown."""
    transfer_syntax_uid: str = ""

    @classmethod
    def of(cls, report: InstanceReport) -> "Content":
        """The content of a file that was validated."""
        syntax = report.identity.transfer_syntax_uid
        return cls(report.sha256, report.dataset_sha256 or "", syntax)

    def is_same_instance(self, other: "Content") -> bool:
        """Whether the files agree in all but their file meta information."""
        if self.dataset_sha256 and other.dataset_sha256:
            return self.dataset_sha256 == other.dataset_sha256
        return self.sha256 == other.sha256


def contents_of(reports: Iterable[InstanceReport]) -> dict[str, Content]:
    """The contents of valid instances by their SOP Instance UIDs; without those that have none.

    Of several with one UID the first counts.
    """
    return {
        report.identity.sop_instance_uid: Content.of(report)
        for report in reversed([*reports])
        if is_uid(report.identity.sop_instance_uid)
    }


class Reservation(NamedTuple):
    """What a SOP Instance UID is reserved for."""

    study_id: UUID
    content: Content

    def with_digest(self, dataset_sha256: str) -> "Reservation":
        """The same with the digest of data set and transfer syntax."""
        return self._replace(content=self.content._replace(dataset_sha256=dataset_sha256))

    def encode(self) -> str:
        """The reservation as Redis has it."""
        content = self.content
        return (
            f"{content.sha256} {self.study_id} "
            f"{content.dataset_sha256} {content.transfer_syntax_uid}"
        )

    @classmethod
    def parse(cls, value: bytes) -> "Reservation":
        """Read what `encode` wrote."""
        sha256, study_id, *rest = value.decode().split(" ")  # version 0.1 wrote no more than these
        return cls(UUID(study_id), Content(sha256, *rest))
