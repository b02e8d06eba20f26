"""The digest of a data set: the same for the same data set, however its structure is written.

A PACS that receives an instance writes the file meta information again, and often the structure of
the data set too: sequences and items get a length in place of a delimiter (PS3.5 7.5) or the other
way round; group lengths (PS3.5 7.2) and the padding at the end (PS3.10 7.2) are left out. The
digest is that of the data set with delimiters and without the rest. All else counts as it is.
"""

import hashlib
from collections.abc import Iterator
from mmap import MADV_DONTNEED, PAGESIZE, mmap
from struct import pack
from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.encoding.elements import TOP, UNDEFINED_LENGTH, Buffer, Elements
from engine.tags import (
    DATA_SET_TRAILING_PADDING,
    ITEM,
    ITEM_DELIMITATION_ITEM,
    SEQUENCE_DELIMITATION_ITEM,
)

_LENGTH = 4
"""Bytes of the length field of a sequence or item; it ends where the content starts."""
_SHORT, _LONG = 8, 12
"""Bytes of a header, by the size of its length field; in implicit VR all are short."""
_PIECE_BYTES = 4 * 1024**2
"""About so much of a mapped file is in memory at a time."""


class _Edit(NamedTuple):
    """Bytes that are left out, and what takes their place."""

    start: int
    end: int
    replacement: bytes = b""


def dataset_sha256(dataset: Elements, transfer_syntax_uid: str) -> str:
    """The SHA-256 of a transfer syntax and a data set, in hexadecimal digits.

    A data set whose structure is broken is taken as it is.

    Args:
        dataset: the data set; one that was deflated is taken as it was before that.
        transfer_syntax_uid: as the file meta information has it.
    """
    digest = hashlib.sha256(transfer_syntax_uid.encode() + b"\0")
    is_broken = not dataset.complete or dataset.has_gaps
    position = dataset.start
    for start, end, replacement in () if is_broken else _edits(dataset):
        for piece in _pieces(dataset.data, position, start):
            digest.update(piece)
        digest.update(replacement)
        position = end
    for piece in _pieces(dataset.data, position, len(dataset.data)):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(data: Buffer, start: int, end: int) -> Iterator[memoryview]:
    """The bytes of a range; of a mapped file, whole pieces leave the memory once they are read."""
    with memoryview(data) as view:
        for position in range(start, end, _PIECE_BYTES):
            with view[position : min(position + _PIECE_BYTES, end)] as piece:
                yield piece
            if isinstance(data, mmap) and position + _PIECE_BYTES <= end:
                data.madvise(MADV_DONTNEED, position // PAGESIZE * PAGESIZE, _PIECE_BYTES)


def _edits(dataset: Elements) -> Iterator[_Edit]:
    """What to change, in the order of the file."""
    undefined = UNDEFINED_LENGTH.to_bytes(_LENGTH, dataset.byte_order)
    open_ends: list[_Edit] = []
    for row in _rows(dataset):
        start, length = dataset.offsets[row], dataset.lengths[row]
        while open_ends and open_ends[-1].end < start:
            yield open_ends.pop()
        tag = dataset.tags[row]
        if dataset.vrs[row] in {vrs.SQ, vrs.NONE}:
            yield _Edit(start - _LENGTH, start, undefined)
            delimiter = ITEM_DELIMITATION_ITEM if tag == ITEM else SEQUENCE_DELIMITATION_ITEM
            open_ends.append(_Edit(start + length, start + length, _delimiter(dataset, delimiter)))
        else:
            is_long = dataset.explicit and tag == DATA_SET_TRAILING_PADDING
            yield _Edit(start - (_LONG if is_long else _SHORT), start + length)
    yield from reversed(open_ends)


def _rows(dataset: Elements) -> Iterator[int]:
    """Sequences and items of defined length, group lengths, and padding."""
    lengths, parents, codes = dataset.lengths, dataset.parents, dataset.vrs
    for row, (tag, vr) in enumerate(zip(dataset.tags, codes, strict=True)):
        if vr == vrs.NONE:
            is_wanted = codes[parents[row]] not in vrs.FRAGMENTED
        else:
            is_padding = tag == DATA_SET_TRAILING_PADDING and parents[row] == TOP
            is_group_length = vr == vrs.UL and not tag & 0xFFFF
            is_wanted = vr == vrs.SQ or is_group_length or is_padding
        if is_wanted and lengths[row] != UNDEFINED_LENGTH:
            yield row


def _delimiter(dataset: Elements, tag: int) -> bytes:
    order = "<" if dataset.byte_order == "little" else ">"
    return pack(f"{order}HHI", tag >> 16, tag & 0xFFFF, 0)
