"""RLE frames (PS3.5 G): their header, and their decoding."""

from itertools import pairwise
from struct import unpack

from engine.codestreams.codestream import Codestream, InvalidError, TruncatedError
from engine.codestreams.frame import Frame
from engine.encoding.transfer_syntax import Codec

RLE_HEADER = _LENGTH = 64
"""The length of the header, in bytes."""
_MOST_SEGMENTS = 15


def read_rle(frame: Frame) -> Codestream:
    """Read the number of segments and where they are.

    Raises:
        InvalidError: the segments are not one behind the other.
        TruncatedError: one of them is beyond the end of the frame.
    """
    header = frame.read(0, _LENGTH)
    if len(header) < _LENGTH:
        raise TruncatedError(f"a header of {len(header)} bytes")
    count, *offsets = unpack("<16I", header)
    if not 1 <= count <= _MOST_SEGMENTS:
        raise InvalidError(f"{count} segments")
    previous = 0
    for offset in offsets[:count]:
        if offset <= previous or (not previous and offset != _LENGTH):
            raise InvalidError(f"a segment at byte {offset}")
        previous = offset
    if previous >= frame.length:
        raise TruncatedError(f"a segment at byte {previous} of {frame.length}")
    return Codestream(Codec.RLE, segments=count)


def is_rle_header(beginning: bytes) -> bool:
    """Whether bytes are the header of an RLE frame: offsets that rise, then zeros."""
    if len(beginning) < _LENGTH:
        return False
    count, *offsets = unpack("<16I", beginning[:_LENGTH])
    used = offsets[:count]
    return (
        1 <= count <= _MOST_SEGMENTS
        and used[0] == _LENGTH
        and all(a < b for a, b in pairwise(used))
        and not any(offsets[count:])
    )


def decode_rle(frame: bytes, size: int) -> bytes:
    """The segments of a frame one behind the other, decoded.

    Here because the usual library stops the process's output with a stack trace, and raises what
    no handler catches, where a segment is too long.

    Args:
        frame: a frame with a valid header.
        size: the length that each decoded segment has, in bytes.

    Raises:
        InvalidError: a segment decodes to another length.
    """
    count, *offsets = unpack("<16I", frame[:_LENGTH])
    bounds = [*offsets[:count], len(frame)]
    return b"".join(_decode_segment(frame[start:end], size) for start, end in pairwise(bounds))


def _decode_segment(segment: bytes, size: int) -> bytes:
    decoded = bytearray()
    position, end = 0, len(segment)
    while len(decoded) < size and position + 1 < end:
        control = segment[position]
        if control < 128:  # so many bytes and one more follow as they are
            decoded += segment[position + 1 : position + 2 + control]
            position += 2 + control
        elif control > 128:  # the next byte is repeated
            decoded += segment[position + 1 : position + 2] * (257 - control)
            position += 2
        else:
            position += 1
    if len(decoded) != size:
        raise InvalidError(f"{len(decoded)} bytes in a segment")
    return bytes(decoded)
