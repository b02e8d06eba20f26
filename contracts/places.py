"""The places that a study passes through, and its directory in each as events write it."""

from enum import StrEnum
from uuid import UUID


class Place(StrEnum):
    """Where a study can be stored."""

    UPLOADS = "uploads"
    """Studies that wait for validation or for archiving."""
    QUARANTINE = "quarantine"
    """Files that are not valid, with the report that says why."""
    ARCHIVE = "archive"
    """Valid instances, with their metadata."""


def study_directory(place: Place, study_id: UUID) -> str:
    """The directory of a study below the root of the volumes: ``archive/{study_id}``.

    Events carry it for programs that read the volumes themselves. No service reads it in an event:
    each asks `storage.study_store` by the study's id.
    """
    return f"{place}/{study_id}"


def stored_name(index: int) -> str:
    """The name of the `index`-th file of an upload (from 1): ``000001.dcm``."""
    return f"{index:06d}.dcm"
