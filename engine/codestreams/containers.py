"""Finds the video in a transport stream or a program stream (ISO/IEC 13818-1)."""

from collections.abc import Iterator

_PACKET = 188
"""The length of a packet of a transport stream, in bytes."""
_SYNC = 0x47
_PACK = 0xBA
_VIDEO = range(0xE0, 0xF0)
_MOST_PARTS = 10_000


def transport_stream_video(start: bytes) -> bytes | None:
    """The beginning of the video in a transport stream; None if it is no such stream.

    Args:
        start: the first bytes of the stream.
    """
    # Each packet may have a time stamp of four bytes before it.
    for before, packet in ((0, _PACKET), (4, _PACKET + 4)):
        if start[before::packet][:4] == bytes([_SYNC]) * 4:
            return b"".join(_video_of_packets(start, before, packet))
    return None


def _video_of_packets(start: bytes, before: int, packet: int) -> Iterator[bytes]:
    video = None
    for position in range(before, len(start) - _PACKET + 1, packet):
        begins, identity = start[position + 1] & 0x40, start[position + 1 : position + 3]
        number = int.from_bytes(identity, "big") & 0x1FFF
        control, payload = start[position + 3] >> 4 & 3, position + 4
        if control & 2:
            payload += 1 + start[payload]
        content = start[payload : position + _PACKET] if control & 1 else b""
        if begins and content[:3] == b"\0\0\1" and content[3:4] and content[3] in _VIDEO:
            video = number if video is None else video
            content = content[9 + content[8] :] if len(content) > 8 else b""
        if number == video:
            yield content


def program_stream_video(start: bytes) -> bytes | None:
    """The beginning of the video in a program stream; None if it is no such stream.

    Args:
        start: the first bytes of the stream.
    """
    if start[:4] != b"\0\0\1\xba":
        return None
    return b"".join(_video_of_packs(start))


def _video_of_packs(start: bytes) -> Iterator[bytes]:
    position = 0
    for _ in range(_MOST_PARTS):
        header = start[position : position + 14]
        if len(header) < 14 or header[:3] != b"\0\0\1":
            return
        kind = header[3]
        if kind == _PACK:  # of MPEG-2 with stuffing, or of MPEG-1
            position += 14 + (header[13] & 7) if header[4] & 0xC0 == 0x40 else 12
            continue
        length = int.from_bytes(header[4:6], "big")
        if kind in _VIDEO and header[6] & 0xC0 == 0x80:
            yield start[position + 9 + header[8] : position + 6 + length]
        position += 6 + length
