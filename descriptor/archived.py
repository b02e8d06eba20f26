"""What is announced of an archived study, and entered in the index."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from storage.metadata import ArchivedStudy


class Archived(NamedTuple):
    """A study in the archive, in short."""

    study_instance_uids: Sequence[str]
    instance_count: int
    size_bytes: int
    """Of its instances together."""

    @classmethod
    def of(cls, study: ArchivedStudy) -> Self:
        """What the archive knows, in short."""
        return cls(
            study_instance_uids=study.study["study_instance_uids"],
            instance_count=len(study.instances),
            size_bytes=sum(instance.size_bytes for instance in study.instances),
        )
