"""Reads the fragments of encapsulated pixel data, as long as nothing is unusual (PS3.5 A.4)."""

from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.encoding.anomaly import ReadingLimits
from engine.encoding.container import Container
from engine.encoding.elements import UNDEFINED_LENGTH, Elements
from engine.encoding.recovery import HEADER
from engine.tags import ITEM


class Odd(NamedTuple):
    """Fragments whose length is odd."""

    first: int
    """The row of the first one."""
    number: int


def read_usual_fragments(
    table: Elements, position: int, pixels: Container, limits: ReadingLimits
) -> tuple[int, Odd | None]:
    """Read fragments into the table, up to the first item that is not one, or not whole.

    A hostile file has millions of them: hence local names and few calls.

    Args:
        table: the elements so far.
        position: where the first item begins, in bytes.
        pixels: the pixel data.
        limits: where reading stops.

    Returns:
        Where the next item begins, and which fragments are of odd length, if any.
    """
    data, item, end, parent = table.data, pixels.encoding.item, pixels.end, pixels.row
    tags, codes, lengths = table.tags, table.vrs, table.lengths
    offsets, parents = table.offsets, table.parents
    last_position = end - HEADER
    first_odd = count = 0
    for row in range(len(tags), limits.max_elements):
        if position > last_position:
            break
        group, number, length = item(data, position)
        following = position + HEADER + length
        if group << 16 | number != ITEM or following > end or length == UNDEFINED_LENGTH:
            break
        if length & 1:
            first_odd = first_odd or row
            count += 1
        tags.append(ITEM)
        codes.append(vrs.NONE)
        lengths.append(length)
        offsets.append(position + HEADER)
        parents.append(parent)
        position = following
    return position, Odd(first_odd, count) if count else None
