"""Headers of JPEG 2000 (ISO/IEC 15444-1, annex A) and its high-throughput variant (15444-15)."""

from dataclasses import dataclass
from struct import unpack_from

from engine.codestreams.codestream import (
    Codestream,
    InvalidError,
    TruncatedError,
    find_end,
    is_more_than_padding,
)
from engine.codestreams.frame import Frame
from engine.encoding.transfer_syntax import Codec

START = b"\xff\x4f\xff\x51"

_MAX_SEGMENTS = 1024
_MAX_TILE_PARTS = 4096
"""How many tile-parts are followed; of the ones beyond only the end is looked for."""
_CAPABILITIES, _CODING, _COMPONENT_CODING, _TILE_LENGTHS = 0xFF50, 0xFF52, 0xFF53, 0xFF55
_READ = {_CAPABILITIES, _CODING, _COMPONENT_CODING, _TILE_LENGTHS}
_TILE_PART = 0xFF90
_HIGH_THROUGHPUT = 1 << 17
"""Part 15 in the capabilities, whose highest bit is part 1."""
_HIGH_THROUGHPUT_BLOCKS = 0x40
"""Code-blocks of part 15 in the style of code-blocks."""
_REVERSIBLE = 1


def read_jpeg2000(frame: Frame) -> Codestream:
    """Read the main header, and whether all tile-parts are there.

    Raises:
        InvalidError: there are no markers where they have to be.
        TruncatedError: the frame ends before the last tile-part does.
    """
    size = frame.read(4, 38)
    if len(size) < 38:
        raise TruncatedError(f"no image size within {frame.length} bytes")
    (length, _, width, height, left, top, *_, count) = unpack_from(">HHIIIIIIIIH", size)
    components = frame.read(42, 3 * count)
    if length != 38 + 3 * count or not count or width <= left or height <= top:
        raise InvalidError("an image size that is none")
    if len(components) < 3 * count:
        raise TruncatedError(f"no image size within {frame.length} bytes")
    main = _read_main_header(frame, 4 + length, count)
    ended, trailing = _find_end(frame, main.end)
    depths = components[::3]
    return Codestream(
        codec=Codec.HTJ2K if main.declared or main.high_throughput else Codec.JPEG_2000,
        rows=height - top,
        columns=width - left,
        components=count,
        precision=max(depth & 0x7F for depth in depths) + 1,
        signed=bool(depths[0] & 0x80),
        lossless=main.reversible,
        progression=main.progression,
        decompositions=main.decompositions,
        tile_lengths=main.tile_lengths,
        consistent=main.declared == main.high_throughput,
        transformed=main.transformed,
        subsampled=any(step != 1 for step in components[1::3] + components[2::3]),
        ended=ended,
        trailing=trailing,
    )


@dataclass(slots=True)
class _MainHeader:
    end: int = 0
    declared: bool = False
    """Whether the capabilities say high throughput."""
    high_throughput: bool = False
    """Whether the coding style does."""
    decompositions: int | None = None
    tile_lengths: bool = False
    reversible: bool | None = None
    progression: int | None = None
    transformed: bool | None = None

    def take(self, marker: int, content: bytes, components: int) -> None:
        # A component's number takes two bytes where there are more than 256 of them.
        transformation = 6 if components < 257 else 7
        if marker == _CAPABILITIES and len(content) >= 4:
            self.declared = bool(unpack_from(">I", content)[0] & _HIGH_THROUGHPUT)
        elif marker == _TILE_LENGTHS:
            self.tile_lengths = True
        elif marker == _CODING and len(content) >= 10:
            self.progression, self.transformed = content[1], content[4] != 0
            self.decompositions = content[5]
            self.high_throughput = bool(content[8] & _HIGH_THROUGHPUT_BLOCKS)
            self.reversible = content[9] == _REVERSIBLE and self.reversible is not False
        elif marker == _COMPONENT_CODING and content[transformation:][:1] == b"\0":
            self.reversible = False


def _read_main_header(frame: Frame, position: int, components: int) -> _MainHeader:
    main = _MainHeader()
    for _ in range(_MAX_SEGMENTS):
        start = frame.read(position, 4)
        if len(start) < 4:
            raise TruncatedError(f"no tile-part within {frame.length} bytes")
        marker, length = unpack_from(">HH", start)
        if marker == _TILE_PART:
            if main.reversible is None:
                raise InvalidError(f"no coding style before byte {position}")
            main.end = position
            return main
        if marker < 0xFF00 or length < 2:
            raise InvalidError(f"no marker at byte {position}")
        if marker in _READ:
            main.take(marker, frame.read(position + 4, min(length - 2, 12)), components)
        position += 2 + length
    raise InvalidError(f"no tile-part behind {_MAX_SEGMENTS} markers")


def _find_end(frame: Frame, position: int) -> tuple[bool, bool]:
    for _ in range(_MAX_TILE_PARTS):
        start = frame.read(position, 12)
        marker = start[:2]
        if marker == b"\xff\xd9":
            return True, is_more_than_padding(frame.read(position + 2, 16))
        if not any(start):
            return False, False
        if marker != b"\xff\x90":
            raise InvalidError(f"no tile-part at byte {position}")
        length = unpack_from(">I", start, 6)[0] if len(start) == 12 else 12
        if not length:  # the last one, up to the end
            return find_end(frame, position)
        if length < 12:
            raise InvalidError(f"a tile-part of {length} bytes at byte {position}")
        position += length
        if position > frame.length:
            missing = position - frame.length
            raise TruncatedError(f"{missing} bytes of a tile-part are missing")
    return find_end(frame, position)
