"""Codestreams of 8 x 8 pixels, made once with the usual encoders, and an RLE encoder.

The grey ones hold the numbers 0 to 63 in steps (60 for 12 bits), so that what is decoded can be
known. Pillow made the lossy ones, dcmtk the lossless JPEG, CharLS, OpenJPEG, OpenJPH and libjxl
the rest.
"""

from base64 import b64decode
from collections.abc import Iterator
from itertools import groupby
from struct import pack

JPEG_COLOUR = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4R"
    "DgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
    "FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIAAgDASEAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAA"
    "AAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAk"
    "M2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKT"
    "lJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QA"
    "HwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdh"
    "cRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hp"
    "anN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk"
    "5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDLufiJ1/e/rRX5hQ4D9xe4e1gfo/8A7lfufwP/2Q=="
)
"""JPEG baseline, three components, the second and third of half width (4:2:2)."""

JPEG_GREY = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4R"
    "DgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcI"
    "CQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcY"
    "GRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKj"
    "pKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AIvD"
    "X/BNv7n/ABK//Idf/9k="
)
"""JPEG baseline of one component of 8 bits."""

JPEG_2000 = b64decode(
    "/0//UQApAAAAAAAIAAAACAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAABCwEB/1IADAAAAAEAAAQEAAH/XAAEQGD/"
    "ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAABdAAH/k9/hMBIrBN0xlS53Wu3z"
    "Xxue3Y44/ZpXvXU0WbO/Bq1dY98LnSLzR9I07mL6aAAAX3OcJff5FtTqbJK6Mg6D3OljWl1bG3zfN84jw4bEem//"
    "2Q=="
)
"""JPEG 2000, reversible, of one component of 12 bits."""

JPEG_LS = b64decode(
    "/9j/9wALDAAIAAgBAREA/9oACAEBAAAAAJ3d3d1c3d1AAEB4dnRycG54AAEBsamhmZGJ2d8wLy4tLCs6O8VFJQTk"
    "xKcndJCMiISB+cHcfPXjt05NztuXDdu2bGz/2Q=="
)
"""JPEG-LS, lossless, of one component of 12 bits."""

JPEG_LOSSLESS = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAIAAgBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABgkQ/9oACAEBAAEA"
    "AM8ePHjx48vA8ePHjx48vA8ePHjx48vA8ePHjx48vA8ePHjx48vA8ePHjx48vA8ePHjx48vA8ePHjx48/9k="
)
"""Lossless JPEG, first-order prediction, of one component of 16 bits."""

HIGH_THROUGHPUT = b64decode(
    "/0//UQApQAAAAAAIAAAACAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUE"
    "BEAB/1wAEyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAFoAAf+TwAAm"
    "X/YFB3QAAADAABNAABMAIv4CB3QAGvEDh3QAwAATQAATgAwMAYJ0AG7ohgDDVADAACogABVgtm3bqnCCdQC++/bt"
    "+8BCAey2AP/Z"
)
"""High-throughput JPEG 2000, reversible, of one component of 16 bits."""

JPEG_XL = b64decode("/wpBQFDcCAgEAQBgAEsoJMY3FCQkxcSJAJ8AD1jAAhawgAUsAA==")
"""JPEG XL, lossless, of one component of 8 bits."""


H264 = b64decode(
    "AAAAAWdkAAqs2UR6EAAAAwAQAAADAyDxIllgAAAAAWjr48siwAAAAAFliIQAK//+9nN8ClvwqVLgV29pY3LTzvWaB8MZ"
)
"""H.264 of one frame of 64 x 48 pixels, 25 a second, high profile at level 1; x264 made it."""

H265 = b64decode(
    "AAAAAUABDAH//wFgAAADAJAAAAMAAAMAHpWYCQAAAAFCAQEBYAAAAwCQAAADAAADAB6gIIMWWVmuTK5oCAAAAwAIAAAD"
    "AMhAAAAAAUQBwXPQiQAAAAEoAa8dgO4jj/9GR181bLA="
)
"""The same in H.265, main profile at level 1; x265 made it."""

MPEG_2 = b64decode(
    "AAABswQAMCP//+AAAAABtRSKAAEAAAAAAbgACABAAAABAAAP//gAAAG1j//zQYAAAAEBE+LSlIi5SlIi5SlIi5SlIiAA"
    "AAECE+LSlIi5SlIi5SlIi5SlIiAAAAEDE+LSlIi5SlIi5SlIi5SlIiA="
)
"""The same in MPEG-2, main profile at main level; FFmpeg made it."""


def mp4(frames: int = 1, ticks: int = 40) -> bytes:
    """The H.264 frame in an MP4 file, so many times, of so many thousandths of a second each."""
    parameters, picture, frame = H264.split(b"\0\0\0\1")[1:]
    media = (pack(">I", len(frame)) + frame) * frames
    sets = b"".join(
        b"\xe1"[:count] + pack(">BH" if not count else ">H", *[1] * (not count), len(unit)) + unit
        for count, unit in ((1, parameters), (0, picture))
    )
    avc = box(b"avcC", b"\1" + parameters[1:4] + b"\xff" + sets)
    described = box(b"avc1", bytes(24) + pack(">HH", 64, 48) + bytes(50) + avc)
    tables = box(b"stsd", pack(">II", 0, 1) + described)
    tables += box(b"stts", pack(">IIII", 0, 1, frames, ticks))
    tables += box(b"stsz", pack(">III", 0, 4 + len(frame), frames))
    kind = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    header = box(b"mdhd", bytes(12) + pack(">II", 1000, frames * ticks) + bytes(4))
    track = box(b"trak", box(b"mdia", header + kind + box(b"minf", box(b"stbl", tables))))
    return box(b"ftyp", b"isom\0\0\0\0isom") + box(b"mdat", media) + box(b"moov", track)


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4 file, or of JP2."""
    return pack(">I", 8 + len(content)) + kind + content


def transport_stream(video: bytes) -> bytes:
    """A video in the packets of a transport stream, behind those of something else."""
    content = b"\0\0\1\xe0\0\0\x80\0\0" + video
    packets = [b"\x47\x40\x11\x10" + b"\xff" * 184] * 3
    for start in range(0, len(content), 184):
        part = content[start : start + 184]
        head = b"\x47" + (b"\x41" if not start else b"\x01") + b"\0"
        if len(part) == 184:
            packets.append(head + b"\x10" + part)
        else:
            filled = 183 - len(part)
            adaptation = bytes([filled]) + (b"\0" + b"\xff" * (filled - 1) if filled else b"")
            packets.append(head + b"\x30" + adaptation + part)
    return b"".join(packets)


def program_stream(video: bytes) -> bytes:
    """A video in a program stream, behind a stream of padding."""
    pack_header = b"\0\0\1\xba\x44" + bytes(8) + b"\xf8"
    padding = b"\0\0\1\xbe\0\2\xff\xff"
    return pack_header + padding + b"\0\0\1\xe0" + pack(">H", 3 + len(video)) + b"\x80\0\0" + video


def rle(*planes: bytes) -> bytes:
    """An RLE frame of byte planes, each a segment (PS3.5 G.3)."""
    segments = [_segment(plane) for plane in planes]
    offsets = [64]
    for segment in segments[:-1]:
        offsets.append(offsets[-1] + len(segment))
    unused = [0] * (15 - len(offsets))
    return pack("<16I", len(segments), *offsets, *unused) + b"".join(segments)


def _segment(plane: bytes) -> bytes:
    encoded = b"".join(_runs(plane))
    return encoded + b"\0" * (len(encoded) % 2)


def _runs(plane: bytes) -> Iterator[bytes]:
    for value, group in groupby(plane):
        rest = len(list(group))
        while rest:
            run = min(rest, 128)
            # A run of one is a literal of one byte.
            yield bytes([257 - run if run > 1 else 0, value])
            rest -= run
