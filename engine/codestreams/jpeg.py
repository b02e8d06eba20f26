"""Headers of JPEG (ISO/IEC 10918-1, annex B) and JPEG-LS (ISO/IEC 14495-1, annex C)."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import NamedTuple

from engine.codestreams.codestream import (
    HIERARCHY,
    Codestream,
    InvalidError,
    TruncatedError,
    find_end,
)
from engine.codestreams.frame import Frame
from engine.encoding.transfer_syntax import Codec

START = b"\xff\xd8\xff"

_MAX_SEGMENTS = 1024
"""An ICC profile takes up to 255 segments; beyond that many there is no image."""
_JPEG_LS = 0xF7
_SEQUENTIAL = {0xC0, 0xC1, 0xC9}
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}
_FRAME_HEADERS = {*range(0xC0, 0xD0), _JPEG_LS} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a segment: TEM, RSTn, SOI."""
_SCAN, _END, _JFIF, _ADOBE, _FILL = 0xDA, 0xD9, 0xE0, 0xEE, 0xFF
_LONGEST_READ = 6 + 3 * 255
"""The longest frame header, in bytes."""


class _Segment(NamedTuple):
    marker: int
    start: int
    length: int


@dataclass(slots=True)
class _Headers:
    """What the markers before the first scan say."""

    process: int = 0
    frame: bytes | None = None
    """The content of the frame header."""
    hierarchy: bytes | None = None
    """What a hierarchical image says of all its frames, the first of which are smaller."""
    transformed: bool | None = None
    """Whether the colours are transformed, by the marker of JFIF or Adobe."""

    def take(self, marker: int, content: bytes) -> None:
        """Take note of a marker's content."""
        if marker in _FRAME_HEADERS and self.frame is None:
            self.process, self.frame = marker, content
        elif marker == HIERARCHY and self.frame is None:
            self.hierarchy = content
        elif marker == _JFIF and content.startswith(b"JFIF\0") and self.transformed is None:
            self.transformed = True
        elif marker == _ADOBE and content.startswith(b"Adobe") and len(content) >= 12:
            self.transformed = content[11] != 0


def read_jpeg(frame: Frame) -> Codestream:
    """Read the markers up to the first scan.

    Raises:
        InvalidError: they are none.
        TruncatedError: the frame ends before the first scan.
    """
    headers = _Headers()
    for segment in _segments(frame):
        content = frame.read(segment.start, min(segment.length, _LONGEST_READ))
        if segment.marker == _SCAN:
            if headers.frame is None:
                raise InvalidError(f"a scan without a frame header at byte {segment.start}")
            ended, trailing = find_end(frame, segment.start + segment.length)
            codestream = _codestream(headers.process, headers.frame, content, headers.transformed)
            if headers.hierarchy is not None:
                codestream = _frame_header(HIERARCHY, headers.hierarchy)
                codestream = codestream._replace(process=HIERARCHY)
            return codestream._replace(ended=ended, trailing=trailing)
        headers.take(segment.marker, content)
    raise InvalidError(f"no scan behind {_MAX_SEGMENTS} markers")


def _segments(frame: Frame) -> Iterator[_Segment]:
    position = 2
    for _ in range(_MAX_SEGMENTS):
        start = frame.read(position, 4)
        if len(start) < 4:
            raise TruncatedError(f"no scan within {frame.length} bytes")
        marker = start[1]
        if start[0] != 0xFF:
            raise InvalidError(f"no marker at byte {position}")
        if marker == _FILL:
            position += 1
        elif marker in _ALONE:
            position += 2
        else:
            length = start[2] << 8 | start[3]
            if marker == _END or length < 2:
                raise InvalidError(f"no image before byte {position}")
            if position + 2 + length > frame.length:
                raise TruncatedError(f"no scan within {frame.length} bytes")
            yield _Segment(marker, position + 4, length - 2)
            position += 2 + length


def _codestream(process: int, header: bytes, scan: bytes, transformed: bool | None) -> Codestream:
    codestream = _frame_header(process, header)
    if not scan or len(scan) != 4 + 2 * scan[0]:
        raise InvalidError(f"a scan header of {len(scan)} bytes")
    selection, end, approximation = scan[-3], scan[-2], scan[-1] & 0x0F
    if process == _JPEG_LS:
        # There the first is the bound of the error (NEAR).
        return codestream._replace(lossless=selection == 0 and approximation == 0)
    is_lossless = process in _LOSSLESS
    return codestream._replace(
        process=process,
        lossless=is_lossless and approximation == 0,
        whole_spectrum=process not in _SEQUENTIAL or (selection, end) == (0, 63),
        predictor=selection if is_lossless else None,
        transformed=transformed if codestream.components == 3 else None,
    )


def _frame_header(process: int, header: bytes) -> Codestream:
    if len(header) < 6 or len(header) < 6 + 3 * header[5] or not header[5]:
        raise InvalidError(f"a frame header of {len(header)} bytes")
    precision, rows, columns, components = unpack_from(">BHHB", header)
    factors = {header[7 + 3 * index] for index in range(components)}
    return Codestream(
        codec=Codec.JPEG_LS if process == _JPEG_LS else Codec.JPEG,
        rows=rows or None,  # 0: a later marker has them
        columns=columns or None,
        components=components,
        precision=precision,
        subsampled=len(factors) > 1,
    )
