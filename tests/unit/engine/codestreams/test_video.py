"""Headers of videos: what they say, in whatever they are wrapped, and hostile ones."""

import contextlib
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.codestreams.codestream import Codestream, InvalidError, TruncatedError
from engine.codestreams.frame import Frame
from engine.codestreams.video import read_video
from engine.encoding.elements import TOP, Elements
from engine.encoding.transfer_syntax import Codec
from engine.encoding.vr import CODES
from engine.tags import PIXEL_DATA
from unit.engine.clean.codestreams import (
    H264,
    H265,
    MPEG_2,
    box,
    mp4,
    program_stream,
    transport_stream,
)

SECONDS = 1.0
STREAMS = {
    "H.264": (H264, Codec.H_264),
    "H.264 in MP4": (mp4(3), Codec.H_264),
    "H.264 in a transport stream": (transport_stream(H264), Codec.H_264),
    "H.265": (H265, Codec.H_265),
    "H.265 in a transport stream": (transport_stream(H265), Codec.H_265),
    "MPEG-2": (MPEG_2, Codec.MPEG_2),
    "MPEG-2 in a transport stream": (transport_stream(MPEG_2), Codec.MPEG_2),
    "MPEG-2 in a program stream": (program_stream(MPEG_2), Codec.MPEG_2),
}


def read(stream: bytes, declared: Codec) -> Codestream:
    dataset = Elements(stream, "little")
    dataset.add(PIXEL_DATA, CODES[b"OB"], len(stream), 0, TOP)
    return read_video(Frame(dataset, 0, 1), declared)


@pytest.mark.parametrize("name", STREAMS)
def test_the_header_is_found_and_read(name: str) -> None:
    header = read(*STREAMS[name])

    assert (header.rows, header.columns, header.components) == (48, 64, 3)
    assert (header.precision, header.sampling, header.rate) == (8, "4:2:0", Fraction(25))
    assert header.frames == (3 if "MP4" in name else None)
    assert header.progressive


def test_any_number_of_start_codes_boxes_and_packets_is_soon_read() -> None:
    hostile = [
        (b"\0\0\1\x09" * 100_000, Codec.H_264),
        (b"\0\0\1\x67" + b"\0" * 400_000, Codec.H_264),
        (b"\0\0\1\x67" + b"\xff" * 400_000, Codec.H_264),
        (b"\0\0\1\x42\1" + b"\xff" * 400_000, Codec.H_265),
        (box(b"ftyp", b"isom") + box(b"free", b"") * 60_000, Codec.H_264),
        (box(b"ftyp", b"isom") + box(b"moov", box(b"trak", b"") * 60_000), Codec.H_264),
        ((b"\x47\x40\0\x30\xff" + bytes(183)) * 2000, Codec.MPEG_2),
        (b"\0\0\1\xba" + bytes(10) + b"\0\0\1\xe0\0\0\x80\0\0" * 40_000, Codec.MPEG_2),
        (nested(2000), Codec.H_264),
    ]
    for stream, codec in hostile:
        started = time.process_time()
        with contextlib.suppress(InvalidError, TruncatedError):
            read(stream, codec)
        assert time.process_time() - started < SECONDS


def nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = box(b"trak", content)
    return box(b"ftyp", b"isom") + box(b"moov", content)


@settings(max_examples=400, deadline=2000)
@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_a_changed_header_is_read_or_refused(name: str, data: st.DataObject) -> None:
    stream, codec = STREAMS[name]
    position = data.draw(st.integers(0, len(stream) - 1))
    changed = data.draw(st.binary(max_size=6))
    cut = data.draw(st.integers(position, len(stream)))

    with contextlib.suppress(InvalidError, TruncatedError):
        read(stream[:position] + changed + stream[position + len(changed) : cut], codec)
