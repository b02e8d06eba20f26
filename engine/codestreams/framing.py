"""Which fragments hold which frame (PS3.5 A.4)."""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from struct import calcsize, unpack

from engine.codestreams.frame import Frame
from engine.codestreams.header import STARTS
from engine.codestreams.rle import RLE_HEADER, is_rle_header
from engine.encoding.elements import Element
from engine.encoding.transfer_syntax import Codec, Pixels
from engine.image import Fragments, Image
from engine.instance import Instance

_LONGEST_START = max(map(len, STARTS))
_SHORTEST_START = min(map(len, STARTS))
_FIRST_BYTES = {start[0] for start in STARTS}


def frames_of(instance: Instance) -> Iterator[Frame]:
    """The encapsulated frames of an instance; none if it is unknown where they are."""
    image = instance.image
    if image and image.fragments and image.fragments.offset_table:
        dataset, row = image.pixel_data
        count = len(image.fragments.starts)
        firsts = _first_fragments(instance, image, image.fragments)
        for first, end in zip(firsts, chain(firsts[1:], [count]), strict=False):
            # The first row behind the pixel data's own is the offset table.
            yield Frame(dataset, row + 2 + first, row + 2 + end)


def beginnings(fragments: Fragments) -> list[int]:
    """The fragments that begin a compressed image of a kind that is known, by their numbers."""
    dataset, row = fragments.pixel_data
    data, lengths = dataset.data, fragments.lengths
    offsets = dataset.offsets[row + 2 : row + 2 + len(lengths)]
    return [
        index
        # There may be millions of fragments of a few bytes: hence no calls of our own.
        for index, (offset, length) in enumerate(zip(offsets, lengths, strict=True))
        if length >= _SHORTEST_START
        and data[offset] in _FIRST_BYTES
        and bytes(data[offset : offset + _LONGEST_START])[:length].startswith(STARTS)
    ]


def rle_beginnings(fragments: Fragments) -> list[int]:
    """The fragments that begin with the header of an RLE frame, by their numbers (PS3.5 G.5)."""
    dataset, row = fragments.pixel_data
    return [
        index
        for index, length in enumerate(fragments.lengths)
        if length >= RLE_HEADER
        and is_rle_header(Element(dataset, row + 2 + index).value(RLE_HEADER))
    ]


def entries(table: Element, code: str, count: int) -> tuple[int, ...] | None:
    """The entries of an offset table; None if there are not so many of them.

    Args:
        table: the basic or an extended offset table.
        code: `I` for entries of 32 bits, `Q` for 64.
        count: how many there should be.
    """
    if table.length != count * calcsize(f"<{code}"):
        return None
    return unpack(f"<{count}{code}", table.value(table.length))


def is_video(instance: Instance) -> bool:
    """Whether all frames are in one stream."""
    syntax = instance.transfer_syntax
    return syntax is not None and syntax.pixels is Pixels.VIDEO


def _first_fragments(instance: Instance, image: Image, fragments: Fragments) -> Sequence[int]:
    """The first fragment of each frame; none if they are unknown. Other rules check the tables."""
    count = len(fragments.starts)
    syntax = instance.transfer_syntax
    if image.frames == 1 or is_video(instance):
        return range(min(count, 1))
    if count <= image.frames:
        return range(count)
    if syntax and syntax.pixels is Pixels.ONE_FRAGMENT_PER_FRAME:
        begun = rle_beginnings(fragments) if syntax.codec is Codec.RLE else []
        return begun if len(begun) == image.frames else range(count)
    firsts = _from_table(fragments, image.frames) or beginnings(fragments)
    is_valid = firsts[:1] == [0] and all(a < b for a, b in pairwise(firsts))
    return firsts if is_valid else ()


def _from_table(fragments: Fragments, frames: int) -> list[int]:
    """The first fragment of each frame by the basic offset table; -1 where there is none."""
    table = fragments.offset_table
    offsets = table and entries(table, "I", frames)
    if not offsets:
        return []
    numbers = {start: index for index, start in enumerate(fragments.starts)}
    return [numbers.get(offset, -1) for offset in offsets]
