"""The headers of a video stream: MPEG-2, H.264, H.265, and what may be around them."""

from collections.abc import Iterator
from contextlib import suppress

from engine.codestreams import h264, h265
from engine.codestreams.codestream import Codestream, InvalidError
from engine.codestreams.containers import program_stream_video, transport_stream_video
from engine.codestreams.frame import Frame
from engine.codestreams.mp4 import is_mp4, read_mp4
from engine.codestreams.mpeg2 import SEQUENCE, read_sequence
from engine.encoding.transfer_syntax import Codec

_BEGINNING = 256 * 1024
"""Where the headers are looked for, in bytes."""
_START_CODE = b"\0\0\1"
_MOST_UNITS = 64
_LONGEST_UNIT = 1024
_H264_UNITS = {6, 7, 9}
"""Supplemental information, sequence parameter set, access unit delimiter (H.264 table 7-1)."""
_H265_UNITS = {32, 33, 35, 39}
"""Video and sequence parameter set, delimiter, supplemental information (H.265 table 7-1)."""


def read_video(frame: Frame, declared: Codec) -> Codestream:
    """Find out the kind of a stream, and what its first headers say.

    A container in which no header is found is taken as declared.

    Raises:
        InvalidError: it does not begin like any known stream.
        TruncatedError: it is an MP4 file that ends too early.
    """
    start = frame.read(0, _BEGINNING)
    if is_mp4(start):
        return _read_mp4(frame, declared)
    for find_video in (transport_stream_video, program_stream_video):
        video = find_video(start)
        if video is not None:
            with suppress(InvalidError):
                return _read_stream(video, declared)
            return Codestream(declared)
    return _read_stream(start, declared)


def _read_mp4(frame: Frame, declared: Codec) -> Codestream:
    tables = read_mp4(frame)
    codec = Codec.H_265 if tables.is_h265 else Codec.H_264
    codestream = Codestream(codec if tables.parameter_sets else declared)
    for unit in tables.parameter_sets:
        codestream = _read_unit(unit, codec) or codestream
    return codestream._replace(frames=tables.frames, rate=tables.rate or codestream.rate)


def _read_stream(start: bytes, declared: Codec) -> Codestream:
    code = start.find(_START_CODE)
    if code < 0 or any(start[:code]) or len(start) < code + 12:
        raise InvalidError("no start code")
    kind = start[code + 3]
    if kind == SEQUENCE:
        return read_sequence(start[code + 4 :])
    # A stream of one kind may look like one of the other: the declared kind goes first.
    kinds = _kinds_with_unit(kind)
    if not kinds:
        raise InvalidError(f"start code {kind}")
    codec = declared if declared in kinds else kinds[0]
    read = (_read_unit(unit, codec) for unit in _units(start, code))
    return next(filter(None, read), Codestream(codec))


def _units(start: bytes, code: int) -> Iterator[bytes]:
    for _ in range(_MOST_UNITS):
        following = start.find(_START_CODE, code + 3)
        yield start[code + 3 : following if following >= 0 else None][:_LONGEST_UNIT]
        if following < 0:
            return
        code = following


def _read_unit(unit: bytes, codec: Codec) -> Codestream | None:
    """What a unit says if it is a parameter set that can be read."""
    # A byte of 3 keeps zeros in the content from looking like a start code.
    content = unit.replace(b"\0\0\3", b"\0\0")
    with suppress(InvalidError):
        if codec is Codec.H_264 and content[:1] and content[0] & 0x1F == h264.PARAMETER_SET:
            return h264.read_parameter_set(content[1:])
        if codec is Codec.H_265 and content[:1] and content[0] >> 1 & 63 == h265.PARAMETER_SET:
            return h265.read_parameter_set(content[2:])
    return None


def _kinds_with_unit(kind: int) -> list[Codec]:
    """The codecs that have a unit with such a first byte."""
    kinds = []
    if kind & 0x80 == 0 and kind & 0x1F in _H264_UNITS:
        kinds.append(Codec.H_264)
    if kind & 0x81 == 0 and kind >> 1 in _H265_UNITS:
        kinds.append(Codec.H_265)
    return kinds
