"""Guesses what bytes are that are not as they should be: encoding, lost headers, padding."""

from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.encoding.elements import UNDEFINED_LENGTH, Buffer
from engine.encoding.transfer_syntax import Encoding
from engine.tags import ITEM, SEQUENCE_DELIMITATION_ITEM

HEADER = 8
"""Bytes of the shortest element header, and of the header of an item."""
LONG_LENGTH = 4
"""Bytes of the 32-bit length that follows an explicit header."""
_CHUNK = 65536


class Header(NamedTuple):
    """The header of an element."""

    tag: int
    vr: int
    """Its code; `engine.encoding.vr.NONE` if the letters are none."""
    offset: int
    """Where the value starts, in bytes."""
    length: int
    has_reserved_bytes: bool = False
    """Whether the two bytes that are reserved, and must be null, are not."""


def read_header(
    data: Buffer, position: int, encoding: Encoding, end: int | None = None
) -> Header | None:
    """The header at a position; None if it is not whole.

    Args:
        data: the buffer.
        position: where the header starts, in bytes.
        encoding: how the data set is written.
        end: where the header must end at the latest; the end of the buffer if None.
    """
    offset, end = position + HEADER, len(data) if end is None else end
    if offset > end:
        return None
    group, number, length = encoding.item(data, position)
    tag = group << 16 | number
    if not encoding.explicit:
        return Header(tag, vrs.BY_TAG[tag], offset, length)
    _, _, letters, length = encoding.header(data, position)
    vr = vrs.CODES.get(letters, vrs.NONE)
    if vr < vrs.FIRST_LONG:
        return Header(tag, vr, offset, length)
    if offset + LONG_LENGTH > end:
        return None
    (long_length,) = encoding.long_length(data, offset)
    return Header(tag, vr, offset + LONG_LENGTH, long_length, has_reserved_bytes=length != 0)


def fits(
    data: Buffer, start: int, encoding: Encoding, *, group: int | None = None, elements: int = 5
) -> bool:
    """Whether the first elements make sense in an encoding.

    Their tags must ascend, their VRs be valid and their values end in the buffer; in implicit
    VR, which gives least to go by, the first tag must be in the data dictionary as well.

    Args:
        data: the buffer.
        start: where the data set starts, in bytes.
        encoding: the encoding to try.
        group: elements of another one do not count.
        elements: how many to look at.
    """
    position, previous = start, 0
    for index in range(elements):
        header = read_header(data, position, encoding)
        if header is None:
            return index > 0 and position == len(data)
        if group is not None and header.tag >> 16 != group:
            return index > 0
        is_unknown = header.vr == vrs.UN and index == 0 and not encoding.explicit
        if header.tag <= previous or header.vr == vrs.NONE or is_unknown:
            return False
        if header.length == UNDEFINED_LENGTH:
            return _opens_items(data, header.offset, encoding)
        position, previous = header.offset + header.length, header.tag
    return position <= len(data)


def value_after_invalid_vr(
    data: Buffer, position: int, end: int, encoding: Encoding
) -> tuple[int, int] | None:
    """Where the value of an element without a valid VR is, judged by what comes behind it.

    A VR of a later edition has a 32-bit length (PS3.5 7.1.2 lists those with a short one), a
    damaged one may have either, and some writers fall back to implicit VR for single elements.

    Args:
        data: the buffer.
        position: where the element starts, in bytes.
        end: where what encloses it ends.
        encoding: that of the other elements; explicit.

    Returns:
        Offset and length of the value; None if nothing leads to a next element.
    """
    group, number, letters, short = encoding.header(data, position)
    tag, offset = group << 16 | number, position + HEADER
    candidates = [(offset, short)]
    if short == 0 and end - offset >= LONG_LENGTH:
        (length,) = encoding.long_length(data, offset)
        candidates.insert(0, (offset + LONG_LENGTH, length))
    if not letters.isalpha():
        _, _, length = encoding.item(data, position)
        candidates.insert(0, (offset, length))
    for start, length in candidates:
        following = start + length
        if length == UNDEFINED_LENGTH:
            leads_on = _opens_items(data, start, encoding)
        elif following >= end:
            leads_on = following == end
        else:
            leads_on = _is_header(data, following, encoding, tag, letters)
        if leads_on:
            return start, length
    return None


def _is_header(
    data: Buffer, position: int, encoding: Encoding, previous: int, invalid: bytes
) -> bool:
    header = read_header(data, position, encoding)
    if header is None or header.tag <= previous:
        return False
    _, _, letters, _ = encoding.header(data, position)
    is_known = vrs.BY_TAG[header.tag] != vrs.UN or header.tag >= ITEM
    return header.vr != vrs.NONE or is_known or letters == invalid


def _opens_items(data: Buffer, offset: int, encoding: Encoding) -> bool:
    if len(data) - offset < HEADER:
        return False
    group, number, _ = encoding.item(data, offset)
    return group << 16 | number in (ITEM, SEQUENCE_DELIMITATION_ITEM)


def is_zero_to_end(data: Buffer, position: int) -> bool:
    """Whether nothing but null bytes follows."""
    for start in range(position, len(data), _CHUNK):
        chunk = bytes(data[start : start + _CHUNK])
        if chunk.count(0) != len(chunk):
            return False
    return True
