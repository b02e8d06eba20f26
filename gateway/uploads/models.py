"""What clients get when an upload was accepted."""

from uuid import UUID

from fastapi import Response

from contracts.described import Described
from contracts.status import State
from gateway.http.paths import status_path
from gateway.settings import GatewaySettings
from gateway.uploads.idempotency import Receipt


class UploadAccepted(Described):
    """An upload that is stored safely; it is not validated yet."""

    study_id: UUID
    """Identifies the study from now on."""
    status: State
    """The status of the study, `uploaded`."""
    status_url: str
    """Path of the study's status."""
    files: int
    """Number of files, those from archive files included."""
    skipped: int
    """Number of files that are not part of a study, such as a DICOMDIR."""


def accepted(receipt: Receipt, response: Response, settings: GatewaySettings) -> UploadAccepted:
    """The answer to an upload.

    Args:
        receipt: of the upload.
        response: gets the headers.
        settings: when the client may ask for the status.
    """
    url = status_path(receipt.study_id)
    response.headers["Location"] = url
    response.headers["Retry-After"] = str(settings.retry_after_seconds)
    return UploadAccepted(
        study_id=receipt.study_id,
        status=State.UPLOADED,
        status_url=url,
        files=receipt.files,
        skipped=receipt.skipped,
    )
