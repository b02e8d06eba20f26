"""MP4 files with one video (ISO/IEC 14496-12): what their tables say of it."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from engine.codestreams.codestream import TruncatedError
from engine.codestreams.frame import Frame

_MOST_BOXES = 4096
_MOST_TABLES = 8 << 20
"""How many bytes of tables are read."""
_NESTING = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_ENTRIES = {b"avc1", b"avc3", b"hvc1", b"hev1", b"mp4v"}
_BEFORE_BOXES = 78
"""The length of what a description of video has before its boxes."""
_WIDE = 16


class Mp4(NamedTuple):
    """What an MP4 file says of its first video.

    Attributes:
        codestream: the frames and their rate; the rest is what the caller knows.
        parameter_sets: units of H.264 or H.265 with parameter sets.
        is_h265: which of both.
    """

    frames: int | None = None
    rate: Fraction | None = None
    parameter_sets: tuple[bytes, ...] = ()
    is_h265: bool = False


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


def is_mp4(start: bytes) -> bool:
    """Whether it begins like an MP4 file."""
    return start[4:8] == b"ftyp"


def read_mp4(frame: Frame) -> Mp4:
    """Read the tables of an MP4 file.

    Raises:
        TruncatedError: the file is shorter than its boxes, or has no tables.
    """
    tables = None
    for box in _top_boxes(frame):
        if box.end > frame.length:
            raise TruncatedError(f"{box.end - frame.length} bytes of a box are missing")
        if box.kind == b"moov":
            tables = frame.read(box.start, min(box.end - box.start, _MOST_TABLES))
    if tables is None:
        raise TruncatedError("no tables of the video")
    return _read_tables(tables)


def _top_boxes(frame: Frame) -> Iterator[_Box]:
    position = 0
    for _ in range(_MOST_BOXES):
        header = frame.read(position, _WIDE)
        box = _box(header, position, frame.length)
        if box is None:
            return
        yield box
        position = box.end


def _box(header: bytes, position: int, end: int) -> _Box | None:
    """A box; None if there is none, or only padding."""
    if len(header) < 8:
        return None
    length, start = int.from_bytes(header[:4], "big"), 8
    if length == 1 and len(header) == _WIDE:
        length, start = int.from_bytes(header[8:], "big"), _WIDE
    if length == 0 and any(header[4:8]):  # up to the end
        length = end - position
    if length < start:
        return None
    return _Box(header[4:8], position + start, position + length)


def _boxes(tables: bytes, start: int, end: int) -> Iterator[_Box]:
    for _ in range(_MOST_BOXES):
        box = _box(tables[start : min(start + _WIDE, end)], start, end)
        if box is None:
            return
        yield box._replace(end=min(box.end, end))
        start = box.end


def _read_tables(tables: bytes) -> Mp4:
    for track in _boxes(tables, 0, len(tables)):
        if track.kind == b"trak":
            found = {box.kind: tables[box.start : box.end] for box in _inner(tables, track)}
            if found.get(b"hdlr", b"")[8:12] == b"vide":
                return _video(found)
    return Mp4()


def _inner(tables: bytes, track: _Box) -> Iterator[_Box]:
    """The boxes within a track that hold no boxes themselves; there are four levels."""
    open_ = [track]
    for _ in range(_MOST_BOXES):
        if not open_:
            return
        for box in _boxes(tables, *open_.pop()[1:]):
            if box.kind in _NESTING:
                open_.append(box)
            else:
                yield box


def _video(found: dict[bytes, bytes]) -> Mp4:
    sizes, times, media = (found.get(kind, b"") for kind in (b"stsz", b"stts", b"mdhd"))
    frames = int.from_bytes(sizes[8:12], "big") if len(sizes) >= 12 else None
    at = 20 if media[:1] == b"\1" else 12
    scale = int.from_bytes(media[at : at + 4], "big")
    count = min(int.from_bytes(times[4:8], "big"), (len(times) - 8) // 8)
    rows = (times[8 + 8 * row : 16 + 8 * row] for row in range(max(count, 0)))
    pairs = [(int.from_bytes(row[:4], "big"), int.from_bytes(row[4:], "big")) for row in rows]
    total, duration = sum(pair[0] for pair in pairs), sum(a * b for a, b in pairs)
    rate = Fraction(total * scale, duration) if duration and scale else None
    description = found.get(b"stsd", b"")
    entry = next(_boxes(description, 8, len(description)), None)
    if entry is None or entry.kind not in _ENTRIES:
        return Mp4(frames, rate)
    for box in _boxes(description, entry.start + _BEFORE_BOXES, entry.end):
        content = description[box.start : box.end]
        if box.kind == b"avcC":
            return Mp4(frames, rate, tuple(_units(content, 6, content[5:6])))
        if box.kind == b"hvcC":
            return Mp4(frames, rate, tuple(_arrays(content)), is_h265=True)
    return Mp4(frames, rate)


def _units(content: bytes, position: int, count: bytes) -> Iterator[bytes]:
    for _ in range(count[0] & 31 if count else 0):
        length = int.from_bytes(content[position : position + 2], "big")
        yield content[position + 2 : position + 2 + length]
        position += 2 + length


def _arrays(content: bytes) -> Iterator[bytes]:
    position = 23
    for _ in range(content[22] if len(content) > position else 0):
        count = int.from_bytes(content[position + 1 : position + 3], "big")
        position += 3
        for _ in range(min(count, 16)):
            length = int.from_bytes(content[position : position + 2], "big")
            yield content[position + 2 : position + 2 + length]
            position += 2 + length
