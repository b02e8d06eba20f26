"""Reads a multipart/form-data body (RFC 7578) as it arrives."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from gateway.refusals import Refusal, RefusedUploadError

MOST_PARTS = 1000
MOST_SENT_AS_CHARACTERS = 1024


@dataclass(frozen=True)
class PartBegins:
    """The headers of a part have been read."""

    name: str
    """Name of the form's field."""
    sent_as: str
    """The file name that the client gave, as text."""


class PartEnds:
    """All bytes of a part have been read."""


FormEvent = PartBegins | bytes | PartEnds


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


async def read_form(body: AsyncIterator[bytes], boundary: str) -> AsyncGenerator[FormEvent, None]:
    """What the body says, piece by piece: a part begins, its bytes, it ends.

    Raises:
        RefusedUploadError: the body is not well formed, or ends early.
    """
    received = 0
    try:
        # Latin-1 takes every byte; `_text` makes UTF-8 of it where it is.
        parser = PushMultipartParser(
            boundary, max_segment_count=MOST_PARTS, header_charset="latin1"
        )
        with parser:
            async for chunk in body:
                if not chunk:
                    continue
                received += len(chunk)
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        sent_as = _text(event.filename or "")[:MOST_SENT_AS_CHARACTERS]
                        yield PartBegins(_text(event.name), sent_as)
                    elif event is None:
                        yield PartEnds()
                    else:
                        yield bytes(event)
    except MultipartError as error:
        detail = f"The multipart body is broken, {received} bytes after its start: {error}."
        raise RefusedUploadError(Refusal.BROKEN_MULTIPART, detail) from None


def _text(value: str) -> str:
    try:
        return value.encode("latin1").decode()
    except UnicodeDecodeError:
        return value
