"""Writes DICOM files byte by byte, valid ones and, where a test says so, defective ones."""

import zlib
from collections.abc import Mapping, Sequence
from struct import pack

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
JPEG = "1.2.840.10008.1.2.4.50"
MPEG = "1.2.840.10008.1.2.4.100"
RLE = "1.2.840.10008.1.2.5"

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
INSTANCE_UID = "1.2.826.0.1.3680043.8.498.1.1"
LONG_VRS = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
UNDEFINED = 0xFFFFFFFF

DataSet = dict[int, tuple[str, bytes]]
"""VR and value of each tag; the value of a sequence is already encoded."""


def element(
    tag: int,
    vr: str,
    value: bytes,
    syntax: str = EXPLICIT,
    *,
    length: int | None = None,
    letters: bytes | None = None,
) -> bytes:
    """An element; `length` and `letters` may lie about the value and its VR."""
    order = ">" if syntax == BIG_ENDIAN else "<"
    length = len(value) if length is None else length
    header = pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if syntax == IMPLICIT:
        return header + pack("<I", length) + value
    header += letters or vr.encode()
    if vr in LONG_VRS:
        return header + b"\0\0" + pack(f"{order}I", length) + value
    return header + pack(f"{order}H", length) + value


def item(content: bytes, *, length: int | None = None, order: str = "<") -> bytes:
    """A sequence item or a fragment; with an undefined length it gets its delimiter."""
    length = len(content) if length is None else length
    encoded = pack(f"{order}HHI", 0xFFFE, 0xE000, length) + content
    return encoded + (delimiter(0xE00D, order=order) if length == UNDEFINED else b"")


def delimiter(number: int, *, length: int = 0, order: str = "<") -> bytes:
    """An item delimiter (E00D) or a sequence delimiter (E0DD)."""
    return pack(f"{order}HHI", 0xFFFE, number, length)


ITEM_END = delimiter(0xE00D)
SEQUENCE_END = delimiter(0xE0DD)


def fragments(*contents: bytes, offset_table: Sequence[int] = ()) -> bytes:
    """The value of encapsulated pixel data, its delimiter included."""
    table = item(pack(f"<{len(offset_table)}I", *offset_table))
    return table + b"".join(map(item, contents)) + SEQUENCE_END


def uid(text: str) -> bytes:
    """A UID, padded to an even length with a null byte."""
    return text.encode() + b"\0" * (len(text) % 2)


def us(number: int) -> bytes:
    """A 16-bit number, little endian."""
    return pack("<H", number)


def ct() -> DataSet:
    """A valid CT image of 4 x 6 pixels."""
    return {
        0x00080005: ("CS", b"ISO_IR 100"),
        0x00080008: ("CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        0x00080016: ("UI", uid(CT_IMAGE_STORAGE)),
        0x00080018: ("UI", uid(INSTANCE_UID)),
        0x00080060: ("CS", b"CT"),
        0x00100010: ("PN", b"Doe^Jane"),
        0x00100020: ("LO", b"JD-42 "),
        0x0020000D: ("UI", uid("1.2.826.0.1.3680043.8.498.1")),
        0x0020000E: ("UI", uid("1.2.826.0.1.3680043.8.498.2")),
        0x00280002: ("US", us(1)),
        0x00280004: ("CS", b"MONOCHROME2 "),
        0x00280010: ("US", us(4)),
        0x00280011: ("US", us(6)),
        0x00280100: ("US", us(16)),
        0x00280101: ("US", us(12)),
        0x00280102: ("US", us(11)),
        0x00280103: ("US", us(0)),
        0x7FE00010: ("OW", bytes(48)),
    }


def encapsulated_ct(value: bytes, frames: int | None = None) -> DataSet:
    """The CT image with the given fragments for pixels; 8 bits, as JPEG wants it."""
    bits: DataSet = {
        0x00280100: ("US", us(8)),
        0x00280101: ("US", us(8)),
        0x00280102: ("US", us(7)),
    }
    dataset = ct() | bits | {0x7FE00010: ("fragments", value)}
    if frames is not None:
        dataset[0x00280008] = ("IS", f"{frames:<2}".encode())
    return dataset


def encode(dataset: Mapping[int, tuple[str, bytes]], syntax: str = EXPLICIT) -> bytes:
    """A data set in ascending order of tags."""
    encoded = b""
    for tag, (vr, value) in sorted(dataset.items()):
        if vr == "fragments":
            encoded += element(tag, "OB", value, syntax, length=UNDEFINED)
        elif vr == "US" and syntax == BIG_ENDIAN:
            encoded += element(tag, vr, value[::-1], syntax)
        else:
            encoded += element(tag, vr, value, syntax)
    return encoded


def meta(**changes: bytes | None) -> DataSet:
    """File meta information without its length; `changes` name elements, None takes them out."""
    elements: dict[str, tuple[int, str, bytes | None]] = {
        "version": (0x00020001, "OB", b"\0\1"),
        "sop_class": (0x00020002, "UI", uid(CT_IMAGE_STORAGE)),
        "sop_instance": (0x00020003, "UI", uid(INSTANCE_UID)),
        "transfer_syntax": (0x00020010, "UI", uid(EXPLICIT)),
        "implementation": (0x00020012, "UI", uid("1.2.826.0.1.3680043.8.498.9")),
    }
    values = {name: changes.get(name, value) for name, (_, _, value) in elements.items()}
    return {
        tag: (vr, value)
        for name, (tag, vr, _) in elements.items()
        if (value := values[name]) is not None
    }


def part10(
    dataset: bytes | DataSet,
    syntax: str = EXPLICIT,
    *,
    preamble: bytes = bytes(128),
    prefix: bytes = b"DICM",
    group_2: bytes | None = None,
) -> bytes:
    """A whole file. Data sets are encoded, and deflated, as the transfer syntax asks."""
    if group_2 is None:
        group_2 = with_length(encode(meta(transfer_syntax=uid(syntax))))
    if not isinstance(dataset, bytes):
        dataset = encode(dataset, syntax)
    if syntax == DEFLATED:
        dataset = deflate(dataset)
    return preamble + prefix + group_2 + dataset


def with_length(group_2: bytes, length: int | None = None) -> bytes:
    """File meta information with its length before it."""
    length = len(group_2) if length is None else length
    return element(0x00020000, "UL", pack("<I", length)) + group_2


def deflate(data: bytes) -> bytes:
    """A raw deflate stream of even length."""
    stream = zlib.compressobj(wbits=-15)
    deflated = stream.compress(data) + stream.flush()
    return deflated + b"\0" * (len(deflated) % 2)
