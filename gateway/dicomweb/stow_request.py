"""Reads the body of a STOW-RS request (PS3.18 10.5.1): several instances as parts, or one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.http.negotiation import DICOM, MULTIPART, parse_media_type
from gateway.uploads.multipart_body import read_parts
from gateway.uploads.parts import FILE_PART, Events, PartEnd, PartHead, Parts, parts_of


def read_instances(
    content_type: str, body: AsyncGenerator[bytes, None], *, max_files: int
) -> Parts:
    """The instances of a body.

    Args:
        content_type: of the request.
        body: as it arrives; closed at the end.
        max_files: how many instances there may be.

    Raises:
        Problem: it has no DICOM instances, is malformed, or ends early.
    """
    media_type, parameters = parse_media_type(content_type)
    if media_type == DICOM:
        return parts_of(_single(body))
    if media_type != MULTIPART or parameters.get("type", DICOM).lower() != DICOM:
        detail = f'Send {MULTIPART}; type="{DICOM}"; boundary=…, or {DICOM} for one instance.'
        raise Problem(ProblemType.NOT_DICOM, detail)
    boundary = parameters.get("boundary", "")
    return read_parts(boundary, body, max_parts=max_files, are_named=False)


async def _single(body: AsyncGenerator[bytes, None]) -> Events:
    yield PartHead(FILE_PART)
    async with aclosing(body):
        async for chunk in body:
            yield chunk
    yield PartEnd()
