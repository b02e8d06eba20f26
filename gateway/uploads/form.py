"""Reads a multipart/form-data body (RFC 7578) as it arrives."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from gateway.uploads.errors import Refusal, RefusedUploadError
from gateway.uploads.parts import PartBegins, PartEnds, Parts

MOST_FIELDS = 100
"""So many parts may be there beside the files."""
MOST_SENT_AS_CHARACTERS = 1024


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart/form-data body; nothing for other types.

    Raises:
        RefusedUploadError: the type is right but has no boundary.
    """
    media_type, options = parse_options_header(content_type)
    if media_type != "multipart/form-data":
        return None
    boundary: str = options.get("boundary", "")
    if not boundary:
        raise RefusedUploadError(
            Refusal.BROKEN_MULTIPART, "The Content-Type header has no boundary."
        )
    return boundary


async def read_form(
    body: AsyncGenerator[bytes, None],
    boundary: str,
    *,
    max_files: int,
    parser_type: type[PushMultipartParser] = PushMultipartParser,
) -> Parts:
    """What the body says, piece by piece: a part begins, its bytes, it ends.

    Args:
        body: the request's body as it arrives; closed at the end.
        boundary: of the form.
        max_files: how many parts there may be, not counting a few for form fields.
        parser_type: the parser's class: what it takes for a part.

    Raises:
        RefusedUploadError: the body is not well formed, or ends early.
    """
    received = 0
    try:
        # Latin-1 takes every byte; `_text` makes UTF-8 of it where it is.
        parser = parser_type(
            boundary, max_segment_count=max_files + MOST_FIELDS, header_charset="latin1"
        )
        with parser:
            async with aclosing(body):
                async for chunk in body:
                    if not chunk:
                        continue
                    received += len(chunk)
                    for event in parser.parse(chunk):
                        if isinstance(event, MultipartSegment):
                            yield _begins(event)
                        elif event is None:
                            yield PartEnds()
                        else:
                            yield bytes(event)
    except MultipartError as error:
        detail = f"The multipart body is broken, {received} bytes after its start: {error}."
        raise RefusedUploadError(Refusal.BROKEN_MULTIPART, detail) from None


def _begins(segment: MultipartSegment) -> PartBegins:
    sent_as = _text(segment.filename or "")[:MOST_SENT_AS_CHARACTERS]
    return PartBegins(_text(segment.name), sent_as, segment.content_type or "")


def _text(value: str) -> str:
    try:
        return value.encode("latin1").decode()
    except UnicodeDecodeError:
        return value
