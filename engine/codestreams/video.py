"""The beginning of a video stream: MPEG-2, H.264, H.265, and what may be around them."""

from engine.codestreams.codestream import Codestream, InvalidError
from engine.codestreams.frame import Frame
from engine.encoding.transfer_syntax import Codec

_BEGINNING = 1024
_PACKET = 188
"""The length of a packet of an MPEG-2 transport stream, in bytes."""
_SYNC = 0x47
_SEQUENCE, _PACK = 0xB3, 0xBA
"""What follows the start code: a sequence header, a pack of a program stream."""
_H264_UNITS = {6, 7, 9}
"""Supplemental information, sequence parameter set, access unit delimiter (H.264 table 7-1)."""
_H265_UNITS = {32, 33, 35, 39}
"""Video and sequence parameter set, delimiter, supplemental information (H.265 table 7-1)."""


def read_video(frame: Frame, declared: Codec) -> Codestream:
    """Find out the kind of a stream; a container that may hold any kind is taken as declared.

    Raises:
        InvalidError: it does not begin like any known stream.
    """
    start = frame.read(0, _BEGINNING)
    if _is_container(start):
        return Codestream(declared)
    kind, following = _start_code(start)
    if kind == _PACK:
        return Codestream(declared)
    if kind == _SEQUENCE:
        columns = following[0] << 4 | following[1] >> 4
        rows = (following[1] & 0x0F) << 8 | following[2]
        return Codestream(Codec.MPEG_2, rows=rows, columns=columns)
    # A stream of one kind may look like one of the other: the declared kind goes first.
    kinds = _kinds_with_unit(kind)
    if not kinds:
        raise InvalidError(f"start code {kind}")
    return Codestream(declared if declared in kinds else kinds[0])


def _is_container(start: bytes) -> bool:
    """Whether it is an MP4 file or a transport stream."""
    # Each packet of a transport stream may have a time stamp of four bytes before it.
    return start[4:8] == b"ftyp" or any(
        start[before::packet][:4] == bytes([_SYNC]) * 4
        for before, packet in ((0, _PACKET), (4, _PACKET + 4))
    )


def _start_code(start: bytes) -> tuple[int, bytes]:
    """The byte of the first start code, and the bytes behind it."""
    code = start.find(b"\0\0\1")
    if code < 0 or any(start[:code]) or len(start) < code + 12:
        raise InvalidError("no start code")
    return start[code + 3], start[code + 4 :]


def _kinds_with_unit(kind: int) -> list[Codec]:
    """The codecs that have a unit with such a first byte."""
    kinds = []
    if kind & 0x80 == 0 and kind & 0x1F in _H264_UNITS:
        kinds.append(Codec.H_264)
    if kind & 0x81 == 0 and kind >> 1 in _H265_UNITS:
        kinds.append(Codec.H_265)
    return kinds
