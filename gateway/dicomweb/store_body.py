"""Reads the body of a STOW-RS request (PS3.18 10.5.1): instances as parts, or a single one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from multipart import MultipartSegment, PushMultipartParser

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.http.negotiation import DICOM, MULTIPART, parse_media_type
from gateway.uploads.errors import Refusal, RefusedUploadError
from gateway.uploads.form import read_form
from gateway.uploads.parts import FILE_PART, PartBegins, PartEnds, Parts


def read_instances(
    content_type: str, body: AsyncGenerator[bytes, None], *, max_files: int
) -> Parts:
    """The instances of a body, piece by piece.

    Args:
        content_type: of the request.
        body: as it arrives; closed at the end.
        max_files: how many instances there may be.

    Raises:
        RefusedUploadError: the body is not well formed, or ends early.
        Problem: 415.
    """
    media_type, parameters = parse_media_type(content_type)
    if media_type == DICOM:
        return _single(body)
    if media_type != MULTIPART or parameters.get("type", DICOM).lower() != DICOM:
        detail = f'Send {MULTIPART}; type="{DICOM}"; boundary=…, or {DICOM} for one instance.'
        raise Problem(ProblemType.NOT_DICOM, detail)
    boundary = parameters.get("boundary", "")
    if not boundary:
        detail = "The Content-Type header has no boundary."
        raise RefusedUploadError(Refusal.BROKEN_MULTIPART, detail)
    return read_form(body, boundary, max_files=max_files, parser_type=_Parser)


class _Parser(PushMultipartParser):  # type: ignore[misc]  # the library has no annotations
    """Takes every part for a file: in multipart/related they have no names.

    Neither does the media type of a part count: what it is, is found out by examining it.
    """

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        segment = MultipartSegment(headerlist)
        segment.name = FILE_PART
        return segment


async def _single(body: AsyncGenerator[bytes, None]) -> Parts:
    yield PartBegins(FILE_PART, content_type=DICOM)
    async with aclosing(body):
        async for chunk in body:
            yield chunk
    yield PartEnds()
