"""Inflates deflated data sets (PS3.5 A.5) up to a limit."""

import zlib
from typing import NamedTuple

from engine.encoding.elements import Buffer

_CHUNK = 1 << 20
_RAW_DEFLATE = -15


class Inflated(NamedTuple):
    """A data set that was inflated, or the first part of one."""

    data: bytearray
    is_whole: bool
    """Whether the compressed stream came to its end."""
    exceeds_limit: bool
    """Whether there would have been more than allowed."""
    end: int
    """Where the compressed stream ends in the file, in bytes, if it is whole."""


def inflate(data: Buffer, start: int, limit: int) -> Inflated:
    """Inflate what starts at an offset, in small steps: a bomb stops at the limit.

    Args:
        data: the file.
        start: where the compressed stream starts, in bytes.
        limit: the greatest number of bytes to inflate to.
    """
    stream = zlib.decompressobj(_RAW_DEFLATE)
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
    )
