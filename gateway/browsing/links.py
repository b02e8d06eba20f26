"""Finds the links of a study: to what is available of it."""

from uuid import UUID

from contracts.places import Place
from gateway.browsing.models import Links
from gateway.http.paths import quarantine_path, status_path, study_path
from storage.layout import REPORT
from storage.study_store import StudyStore


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
    shown = archived and studies.has_preview(study_id)
    return Links(
        self=here,
        status=status_path(study_id),
        study=study,
        upload=study_path(upload_id) if upload_id else None,
        report=f"{study}/report" if reported or archived or quarantined else None,
        metadata=f"{study}/metadata" if archived else None,
        archive=f"{study}/archive.zip" if archived else None,
        preview=f"{study}/preview.png" if shown else None,
        quarantine=quarantine_path(study_id) if quarantined else None,
    )
