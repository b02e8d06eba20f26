"""Where clients find what there is of a study."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.places import Place
from storage.layout import REPORT
from storage.study_store import StudyStore


class Links(BaseModel):
    """Where to go from here; only to what is there."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    self: str
    """What this is."""
    status: str
    """How far the study is."""
    study: str
    """What is known of the study."""
    upload: str | None = None
    """The upload that the study was divided from."""
    report: str | None = None
    """What became of each file, and why."""
    metadata: str | None = None
    """Everything that the archive says of the study."""
    archive: str | None = None
    """The archived instances in one file."""
    preview: str | None = None
    """A picture of the study."""
    quarantine: str | None = None
    """The files that were rejected."""


def find_links(study_id: UUID, upload_id: UUID | None, here: str, studies: StudyStore) -> Links:
    """The links of a study, by what is in the store. Blocks.

    Args:
        study_id: the study.
        upload_id: the upload that it was divided from, if it was.
        here: the path that is answered.
        studies: where studies are stored.
    """
    study = study_path(study_id)
    reported = studies.uploaded(study_id).file(REPORT).exists()
    places = studies.locate(study_id)
    archived, quarantined = Place.ARCHIVE in places, Place.QUARANTINE in places
    shown = archived and studies.preview(study_id).exists()
    return Links(
        self=here,
        status=status_path(study_id),
        study=study,
        upload=study_path(upload_id) if upload_id else None,
        report=f"{study}/report" if reported or archived or quarantined else None,
        metadata=f"{study}/metadata" if archived else None,
        archive=f"{study}/archive.zip" if archived else None,
        preview=f"{study}/preview.png" if shown else None,
        quarantine=f"/quarantine/{study_id}" if quarantined else None,
    )


def status_path(study_id: UUID) -> str:
    """Where the status of a study is found."""
    return f"/status/{study_id}"


def study_path(study_id: UUID) -> str:
    """Where a study is found."""
    return f"/studies/{study_id}"


def instance_path(study_id: UUID, sop_instance_uid: str) -> str:
    """Where the file of an archived instance is found."""
    return f"{study_path(study_id)}/instances/{sop_instance_uid}"
