"""Answers WADO-RS requests (PS3.18 10.4): instances, and their metadata."""

from fastapi.responses import FileResponse, Response, StreamingResponse

from chassis.instance_index import InstanceIndex
from chassis.problem import Problem
from contracts.volumes import Volumes
from gateway.dicomweb.media_types import DICOM, DICOM_JSON, JSON, MULTIPART, Accept
from gateway.dicomweb.metadata import metadata
from gateway.dicomweb.multipart import MultipartBody, parts
from gateway.dicomweb.resources import Resource, find

HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept"}
"""What is a patient's is kept by no shared cache."""


class Retrieval:
    """What the routes answer with.

    Args:
        index: tells where studies lie.
        volumes: where they do.
    """

    def __init__(self, index: InstanceIndex, volumes: Volumes) -> None:
        self._index = index
        self._volumes = volumes

    async def instances(self, resource: Resource, accept: Accept) -> Response:
        """The files, as they arrived: nothing is transcoded.

        Raises:
            Problem: 404, 406, or 503.
        """
        found = parts(await find(resource, self._index, self._volumes))
        syntaxes = sorted({part.transfer_syntax_uid for part in found})
        form = accept.preferred_form(syntaxes, one=resource.instance is not None)
        if form == MULTIPART:
            body = MultipartBody(found)
            headers = {**HEADERS, "Content-Length": str(body.length)}
            return StreamingResponse(body.pieces(), headers=headers, media_type=body.media_type)
        if form == DICOM:
            return FileResponse(found[0].path, headers=HEADERS, media_type=found[0].media_type)
        forms = f'{MULTIPART}; type="{DICOM}"' + (f" and {DICOM}" if resource.instance else "")
        known = ", ".join(filter(None, syntaxes)) or "unknown"
        raise not_acceptable(f"There is {forms}; the transfer syntax, as stored, is {known}.")

    async def metadata(self, resource: Resource, accept: Accept) -> Response:
        """The data sets, less their bulk data.

        Raises:
            Problem: 404, 406, or 503.
        """
        media_type = accept.preferred((DICOM_JSON, JSON))
        if media_type is None:
            raise not_acceptable(f"There is {DICOM_JSON}.")
        found = await find(resource, self._index, self._volumes)
        return StreamingResponse(metadata(found), headers=HEADERS, media_type=media_type)


def not_acceptable(detail: str) -> Problem:
    """406: there is nothing that the client accepts."""
    return Problem(406, "not-acceptable", "There is no such representation", detail)
