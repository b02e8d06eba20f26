"""Reads a multipart body as it arrives: a form (RFC 7578), or parts without names (RFC 2387)."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.uploads.boundary_padding import BoundaryPadding
from gateway.uploads.parts import FILE_PART, Events, PartEnd, PartHead, Parts, parts_of

MOST_FIELDS = 100
"""How many parts there may be beside the files."""
MOST_HEADERS = 64
"""Of one part. Forms need three, but some clients of DICOMweb send more than the library allows."""
MOST_SENT_AS_CHARACTERS = 1024


def read_form(content_type: str, body: AsyncGenerator[bytes, None], *, max_files: int) -> Parts:
    """The parts of a form.

    Args:
        content_type: of the request.
        body: as it arrives; closed at the end.
        max_files: how many parts there may be, not counting a few for form fields.

    Raises:
        Problem: it is not a form, is malformed, or ends early.
    """
    media_type, options = parse_options_header(content_type)
    if media_type != "multipart/form-data":
        detail = "Send multipart/form-data with the DICOM files in parts named 'file'."
        raise Problem(ProblemType.NOT_MULTIPART, detail)
    return read_parts(options.get("boundary", ""), body, max_parts=max_files + MOST_FIELDS)


def read_parts(
    boundary: str, body: AsyncGenerator[bytes, None], *, max_parts: int, are_named: bool = True
) -> Parts:
    """The parts of a multipart body.

    Args:
        boundary: of the body, from its Content-Type.
        body: as it arrives; closed at the end.
        max_parts: how many there may be.
        are_named: whether each part is to have a name; otherwise each is taken for a file.

    Raises:
        Problem: the body is malformed or ends early.
    """
    if not boundary:
        detail = "The Content-Type header has no boundary."
        raise Problem(ProblemType.BROKEN_MULTIPART, detail)
    parser_type = PushMultipartParser if are_named else _NamelessParser
    # Latin-1 takes every byte; `_text` makes UTF-8 of it where it is.
    new_parser = partial(
        parser_type,
        boundary,
        max_header_count=MOST_HEADERS,
        max_segment_count=max_parts,
        header_charset="latin1",
    )
    return parts_of(_events(body, new_parser, BoundaryPadding(boundary)))


class _NamelessParser(PushMultipartParser):  # type: ignore[misc]  # the library has no annotations
    """Takes every part for a file, whatever its headers: what it is, examination finds out.

    The library knows forms only, whose parts must have a `Content-Disposition` with a name. The
    method is private: a test fails if a new version of the library no longer calls it.
    """

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        segment = MultipartSegment(headerlist)
        segment.name = FILE_PART
        return segment


async def _events(
    body: AsyncGenerator[bytes, None],
    new_parser: Callable[[], PushMultipartParser],
    padding: BoundaryPadding,
) -> Events:
    received = 0
    try:
        with new_parser() as parser:
            async with aclosing(body):
                async for chunk in body:
                    received += len(chunk)
                    data = padding.without(chunk)
                    for event in parser.parse(data) if data else ():
                        yield _event(event)
                if data := padding.rest():
                    for event in parser.parse(data):
                        yield _event(event)
    except MultipartError as error:
        detail = f"The multipart body is broken, {received} bytes after its start: {error}."
        raise Problem(ProblemType.BROKEN_MULTIPART, detail) from None


def _event(event: MultipartSegment | bytearray | None) -> PartHead | bytearray | PartEnd:
    if event is None:
        return PartEnd()
    if isinstance(event, MultipartSegment):
        return PartHead(_text(event.name), _text(event.filename or "")[:MOST_SENT_AS_CHARACTERS])
    return event  # the parser does not touch it any more


def _text(value: str) -> str:
    try:
        return value.encode("latin1").decode()
    except UnicodeDecodeError:
        return value
