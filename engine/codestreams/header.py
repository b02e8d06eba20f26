"""Reads the header of a frame, whatever it is compressed with."""

import zlib

from engine.codestreams import jpeg, jpeg2000, jpegxl
from engine.codestreams.codestream import Codestream, InvalidError, TruncatedError
from engine.codestreams.frame import Frame
from engine.codestreams.rle import read_rle
from engine.codestreams.video import read_video
from engine.encoding.transfer_syntax import Codec

_JP2 = b"\0\0\0\x0cjP  "
_JXL = b"\0\0\0\x0cJXL "
STARTS = (jpeg.START, jpeg2000.START, jpegxl.START, _JP2, _JXL)
"""What codestreams begin with, as far as they begin with anything of their own."""

_VIDEO = {Codec.MPEG_2, Codec.H_264, Codec.H_265}
_MOST_BOXES = 64
_CODESTREAM_BOXES = {b"jp2c": 0, b"jxlc": 0, b"jxlp": 4}
"""How many bytes precede the codestream in each kind of box that contains one."""


def read_header(frame: Frame, declared: Codec) -> Codestream:
    """Read the header of a frame.

    Args:
        frame: the frame.
        declared: how the transfer syntax says that it is compressed.

    Raises:
        InvalidError: it is no codestream.
        TruncatedError: it ends too early.
    """
    if declared is Codec.RLE:
        return read_rle(frame)
    if declared is Codec.UNCOMPRESSED:
        return Codestream(declared, length=frame.length)
    if declared is Codec.DEFLATE:
        return _read_deflated(frame)
    if declared in _VIDEO:
        return read_video(frame, declared)
    start = frame.read(0, 8)
    if start in (_JP2, _JXL):
        inner = frame.beyond(_position_of_codestream(frame))
        return _read_image(inner, inner.read(0, 4))._replace(wrapped=True)
    return _read_image(frame, start)


def _read_image(frame: Frame, start: bytes) -> Codestream:
    if start.startswith(jpeg2000.START):
        return jpeg2000.read_jpeg2000(frame)
    if start.startswith(jpeg.START):
        return jpeg.read_jpeg(frame)
    if start.startswith(jpegxl.START):
        return jpegxl.read_jpegxl(frame)
    raise InvalidError("no codestream" if frame.length else "no bytes")


def _position_of_codestream(frame: Frame) -> int:
    position = 0
    for _ in range(_MOST_BOXES):
        header = frame.read(position, 16)
        if len(header) < 8:
            raise TruncatedError(f"no codestream within {frame.length} bytes")
        length, start = int.from_bytes(header[:4], "big"), 8
        if length == 1 and len(header) == 16:
            length, start = int.from_bytes(header[8:], "big"), 16
        skipped = _CODESTREAM_BOXES.get(header[4:8])
        if skipped is not None:
            return position + start + skipped
        if length < start:
            raise InvalidError(f"a box of {length} bytes at byte {position}")
        position += length
    raise InvalidError(f"no codestream behind {_MOST_BOXES} boxes")


def _read_deflated(frame: Frame) -> Codestream:
    """Inflate a little: a stream that is none shows it soon."""
    try:
        zlib.decompressobj(-15).decompress(frame.read(0, 256), 1024)
    except zlib.error:
        raise InvalidError("no deflated stream") from None
    if not frame.length:
        raise InvalidError("no bytes")
    return Codestream(Codec.DEFLATE)
