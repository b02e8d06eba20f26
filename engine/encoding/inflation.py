"""Inflates deflated data sets (PS3.5 A.5) up to a limit."""

import zlib
from typing import NamedTuple

from engine.encoding.elements import Buffer

_CHUNK = 1 << 20
_RAW_DEFLATE, _ZLIB, _GZIP = -15, 15, 31


class Inflated(NamedTuple):
    """A data set that was inflated, or the first part of one."""

    data: bytearray
    is_whole: bool
    """Whether the compressed stream came to its end."""
    exceeds_limit: bool
    """Whether there would have been more than allowed."""
    end: int
    """Where the compressed stream ends in the file, in bytes, if it is whole."""
    wrapper: str
    """The format that the stream is wrapped in, which DICOM does not have; empty: none."""


def inflate(data: Buffer, start: int, limit: int) -> Inflated:
    """Inflate what starts at an offset, in small steps: a bomb stops at the limit.

    Args:
        data: the file.
        start: where the compressed stream starts, in bytes.
        limit: the greatest number of bytes to inflate to.
    """
    window, wrapper = _wrapper(bytes(data[start : start + 2]))
    stream = zlib.decompressobj(window)
    inflated = bytearray()
    position, pending = start, b""
    while not stream.eof and len(inflated) <= limit:
        if not pending:
            pending = bytes(data[position : position + _CHUNK])
            position += len(pending)
        try:
            # One byte over the limit is asked for, to notice that there is more.
            step = stream.decompress(pending, min(_CHUNK, limit + 1 - len(inflated)))
        except zlib.error:
            break
        inflated += step
        pending = stream.unconsumed_tail
        if not step and not pending and position >= len(data):
            break
    exceeds_limit = len(inflated) > limit
    if exceeds_limit:
        del inflated[limit:]
    return Inflated(
        data=inflated,
        is_whole=stream.eof and not exceeds_limit,
        exceeds_limit=exceeds_limit,
        end=position - len(stream.unused_data),
        wrapper=wrapper,
    )


def _wrapper(beginning: bytes) -> tuple[int, str]:
    """The argument for zlib, and the name of the format around the stream (RFC 1950, RFC 1952)."""
    if beginning == b"\x1f\x8b":
        return _GZIP, "gzip"
    is_zlib = beginning[:1] == b"\x78" and int.from_bytes(beginning, "big") % 31 == 0
    return (_ZLIB, "zlib") if is_zlib else (_RAW_DEFLATE, "")
