"""The digest of a data set: the same for the same data set, however its structure is written.

A PACS that receives an instance writes the file meta information again, and often the structure of
the data set too: sequences and items get a length in place of a delimiter (PS3.5 7.5) or the other
way round; group lengths (PS3.5 7.2) and the padding at the end (PS3.10 7.2) are left out. The
digest is that of the data set with delimiters and without the rest. All else counts as it is.
"""

import hashlib
import re
from collections.abc import Iterator
from mmap import MADV_DONTNEED, PAGESIZE, mmap
from struct import pack

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
_COLLECTED_BYTES = 1 << 16
"""Shorter ranges are collected up to this: an update for each of them would take longer."""
_STRUCTURE = re.compile(b"[%b]" % re.escape(bytes([vrs.NONE, vrs.SQ, vrs.UL, vrs.UN])))
"""The VRs of sequences, items and group lengths, and of what may hold some."""

_Edit = tuple[int, int, bytes]
"""Where bytes are left out, up to where, and what takes their place."""


def dataset_sha256(dataset: Elements, transfer_syntax_uid: str) -> str:
    """The SHA-256 of a transfer syntax and a data set, in hexadecimal digits.

    A data set whose structure is broken is taken as it is.

    Args:
        dataset: the data set; one that was deflated is taken as it was before that.
        transfer_syntax_uid: as the file meta information has it.
    """
    digest = hashlib.sha256()
    collected = bytearray(transfer_syntax_uid.encode() + b"\0")
    is_broken = not dataset.complete or dataset.has_gaps
    position = dataset.start
    for start, end, replacement in () if is_broken else _edits(dataset):
        if start - position > _COLLECTED_BYTES or len(collected) > _COLLECTED_BYTES:
            digest.update(collected)
            collected.clear()
            _add_range(digest, dataset.data, position, start)
        else:
            collected += dataset.data[position:start]
        collected += replacement
        position = end
    digest.update(collected)
    _add_range(digest, dataset.data, position, len(dataset.data))
    return digest.hexdigest()


def _add_range(digest: "hashlib._Hash", data: Buffer, start: int, end: int) -> None:
    """Add a range of a file; of a mapped one, whole pieces leave the memory once they are read."""
    with memoryview(data) as view:
        for position in range(start, end, _PIECE_BYTES):
            with view[position : min(position + _PIECE_BYTES, end)] as piece:
                digest.update(piece)
            if isinstance(data, mmap) and position + _PIECE_BYTES <= end:
                data.madvise(MADV_DONTNEED, position // PAGESIZE * PAGESIZE, _PIECE_BYTES)


def _edits(dataset: Elements) -> Iterator[_Edit]:
    """What to change, in the order of the file."""
    tags, codes, offsets, lengths = dataset.tags, dataset.vrs, dataset.offsets, dataset.lengths
    undefined = UNDEFINED_LENGTH.to_bytes(_LENGTH, dataset.byte_order)
    item_end = _delimiter(dataset, ITEM_DELIMITATION_ITEM)
    sequence_end = _delimiter(dataset, SEQUENCE_DELIMITATION_ITEM)
    open_ends: list[_Edit] = []
    for row in _rows(dataset):
        start = offsets[row]
        end = start + lengths[row]
        while open_ends and open_ends[-1][0] < start:
            yield open_ends.pop()
        if codes[row] in {vrs.SQ, vrs.NONE}:
            yield start - _LENGTH, start, undefined
            open_ends.append((end, end, item_end if tags[row] == ITEM else sequence_end))
        else:
            is_long = dataset.explicit and tags[row] == DATA_SET_TRAILING_PADDING
            yield start - (_LONG if is_long else _SHORT), end, b""
    yield from reversed(open_ends)


def _rows(dataset: Elements) -> Iterator[int]:
    """Sequences and items of defined length, group lengths, and padding."""
    tags, lengths, parents, codes = dataset.tags, dataset.lengths, dataset.parents, dataset.vrs
    rows = [match.start() for match in _STRUCTURE.finditer(codes)]
    paddings: set[int] = set()
    if DATA_SET_TRAILING_PADDING in tags:
        found = (row for row, tag in enumerate(tags) if tag == DATA_SET_TRAILING_PADDING)
        paddings = {row for row in found if parents[row] == TOP}
        rows = sorted(paddings.union(rows))
    opaque_end = 0
    for row in rows:
        start, length = dataset.offsets[row], lengths[row]
        if length == UNDEFINED_LENGTH or start < opaque_end:
            continue
        if codes[row] == vrs.NONE:
            is_wanted = codes[parents[row]] not in vrs.FRAGMENTED
        elif codes[row] == vrs.UL:
            is_wanted = not tags[row] & 0xFFFF or row in paddings
        else:
            is_wanted = codes[row] != vrs.UN or row in paddings
        if is_wanted:
            yield row
        elif codes[row] == vrs.UN:
            opaque_end = start + length  # software that does not know it does not look into it


def _delimiter(dataset: Elements, tag: int) -> bytes:
    order = "<" if dataset.byte_order == "little" else ">"
    return pack(f"{order}HHI", tag >> 16, tag & 0xFFFF, 0)
