"""Answers WADO-RS requests (PS3.18 10.4): instances, and their metadata."""

import asyncio
from collections.abc import Iterator
from functools import partial

from fastapi import Request, Response

from chassis.web.guard import caller_of
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.dicomweb.metadata import metadata
from gateway.dicomweb.multipart import MultipartBody, Part, parts
from gateway.dicomweb.resources import Resource, find
from gateway.http.download import OWNERS, StreamDownload, answer_file
from gateway.http.negotiation import DICOM, DICOM_JSON, JSON, MULTIPART, Accept
from storage.study_store import StudyStore
from storage.uid_index import UidIndex

HEADERS = {"Cache-Control": OWNERS, "Vary": "Accept"}


class Retrieval:
    """Returns instances and metadata of the archive.

    Args:
        index: finds studies by their UIDs.
        studies: where studies are stored.
        idle_seconds: how long a client may stop reading a response.
    """

    def __init__(self, index: UidIndex, studies: StudyStore, *, idle_seconds: float) -> None:
        self._index = index
        self._studies = studies
        self._idle_seconds = idle_seconds

    async def instances(self, resource: Resource, accept: Accept, request: Request) -> Response:
        """The files as they were uploaded; nothing is transcoded.

        A single file is answered with its version, ranges of it, or 304, as the request asks.

        Raises:
            Problem: 404, 406, 412, 416, or 503.
        """
        caller = caller_of(request)
        found = parts(await find(resource, caller, self._index, self._studies))
        syntaxes = sorted({part.transfer_syntax_uid for part in found})
        is_one, in_ranges = resource.instance is not None, "range" in request.headers
        form = accept.preferred_form(syntaxes, one=is_one, in_ranges=in_ranges)
        if form == MULTIPART:
            body = MultipartBody(found)
            length = str(body.length)
            headers = {**HEADERS, "Content-Length": length, "Accept-Ranges": "none"}
            return self._stream(body.pieces(), headers, body.media_type)
        if form == DICOM:
            return await self._file(found[0], request)
        forms = f'{MULTIPART}; type="{DICOM}"' + (f" and {DICOM}" if is_one else "")
        known = ", ".join(filter(None, syntaxes)) or "unknown"
        raise not_acceptable(f"Available as {forms}; the stored transfer syntax is {known}.")

    async def metadata(self, resource: Resource, accept: Accept, request: Request) -> Response:
        """The data sets, without bulk data.

        Raises:
            Problem: 404, 406, or 503.
        """
        media_type = accept.preferred((DICOM_JSON, JSON))
        if media_type is None:
            raise not_acceptable(f"Available as {DICOM_JSON}.")
        found = await find(resource, caller_of(request), self._index, self._studies)
        return self._stream(metadata(found), HEADERS, media_type)

    async def _file(self, part: Part, request: Request) -> Response:
        answer = partial(
            answer_file,
            request,
            part.file,
            media_type=part.media_type,
            idle_seconds=self._idle_seconds,
            sha256=part.sha256,
        )
        response = await asyncio.to_thread(answer)
        response.headers["Vary"] = HEADERS["Vary"]
        return response

    def _stream(
        self, pieces: Iterator[bytes], headers: dict[str, str], media_type: str
    ) -> Response:
        return StreamDownload(
            pieces, idle_seconds=self._idle_seconds, headers=headers, media_type=media_type
        )


def not_acceptable(detail: str) -> Problem:
    """The problem that no representation is acceptable for the client."""
    return Problem(ProblemType.NOT_ACCEPTABLE, detail)
