"""Writes the headers of compressed frames, valid ones and, where a test says so, defective ones.

They have the 4 x 6 pixels of 8 bits of `dicom_writer.encapsulated_ct`, and no compressed data.
"""

from collections.abc import Sequence
from struct import pack


def segment(marker: int, content: bytes, *, length: int | None = None) -> bytes:
    """A marker with its segment."""
    return pack(">BBH", 0xFF, marker, 2 + len(content) if length is None else length) + content


def jpeg(
    *,
    process: int = 0xC0,
    rows: int = 4,
    columns: int = 6,
    components: int = 1,
    precision: int = 8,
    factors: Sequence[int] = (0x11,),
    before: bytes = b"",
    predictor: int = 0,
    last: int | None = None,
    approximation: int = 0,
    data: bytes = b"\1\2\3\4\5\6",
    end: bytes = b"\xff\xd9",
) -> bytes:
    """A JPEG or (process F7) JPEG-LS codestream of even length."""
    if last is None:
        last = 63 if process in {0xC0, 0xC1} else 0
    sampling = [*factors, *[0x11] * components][:components]
    header = pack(">BHHB", precision, rows, columns, components)
    header += b"".join(pack("BBB", index, factor, 0) for index, factor in enumerate(sampling))
    scan = bytes([components]) + b"".join(bytes([index, 0]) for index in range(components))
    scan += bytes([predictor, last, approximation])
    return padded(
        b"\xff\xd8" + before + segment(process, header) + segment(0xDA, scan) + data + end
    )


def jpeg_ls(*, near: int = 0, rows: int = 4) -> bytes:
    """A JPEG-LS codestream."""
    return jpeg(process=0xF7, predictor=near, rows=rows)


def jpeg2000(
    *,
    rows: int = 4,
    columns: int = 6,
    components: int = 1,
    depth: int = 7,
    steps: Sequence[int] = (1, 1),
    transformation: int = 1,
    colours: int = 0,
    progression: int = 0,
    high_throughput: bool = False,
    before: bytes = b"",
    tile_part: int | None = None,
    data: bytes = b"\1\2\3\4",
    end: bytes = b"\xff\xd9",
) -> bytes:
    """A JPEG 2000 codestream with one tile-part; `tile_part` may lie about its length."""
    size = pack(">HIIIIIIII", 0, columns, rows, 0, 0, columns, rows, 0, 0)
    size += pack(">H", components) + bytes([depth, *steps]) * components
    style = 0x40 if high_throughput else 0
    coding = bytes([0, progression, 0, 1, colours, 0, 4, 4, style, transformation])
    main = b"\xff\x4f" + segment(0x51, size)
    if high_throughput:
        main += segment(0x50, pack(">IH", 1 << 17, 0))
    length = 14 + len(data) if tile_part is None else tile_part
    part = segment(0x90, pack(">HIBB", 0, length, 0, 1)) + b"\xff\x93" + data
    return padded(main + before + segment(0x52, coding) + part + end)


def jp2(codestream: bytes) -> bytes:
    """A codestream in the file format that JPEG 2000 has."""
    signature = b"\0\0\0\x0cjP  \r\n\x87\n"
    kind = pack(">I", 20) + b"ftypjp2 \0\0\0\0jp2 "
    return padded(signature + kind + pack(">I", 8 + len(codestream)) + b"jp2c" + codestream)


def rle(*, count: int = 1, offsets: Sequence[int] = (64,), data: bytes = b"\xe9\x05\0\0") -> bytes:
    """An RLE frame."""
    table = [count, *offsets]
    return pack("<16I", *table, *[0] * (16 - len(table))) + data


def padded(codestream: bytes) -> bytes:
    """With a null byte behind it if its length is odd."""
    return codestream + b"\0" * (len(codestream) % 2)
