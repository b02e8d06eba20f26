"""Files that are made to cost much: memory, time, or room in reports and metadata."""

import zlib
from struct import pack, unpack_from

from benchmarks.samples import ct
from engine.standard.facts import load

_DEFLATED = "1.2.840.10008.1.2.1.99"
_JPEG = "1.2.840.10008.1.2.4.70"
_LONG = {"OB", "SQ", "UR"}
_UNDEFINED = 0xFFFFFFFF
_SEQUENCE_END = pack("<HHI", 0xFFFE, 0xE0DD, 0)
_ITEM_END = pack("<HHI", 0xFFFE, 0xE00D, 0)
_META = 132
"""Where the file meta information begins."""
_WRONG = {"DA", "TM", "DT", "CS", "UI", "IS", "DS", "AS", "AE", "UR", "PN"}


def findings_bomb(number: int, findings: int = 1300) -> bytes:
    """A CT slice with so many elements whose values are wrong; 25 KB."""
    tags = [
        (int(name, 16), entry.vr)
        for name, entry in sorted(load().dictionary.items())
        if entry.vr in _WRONG and "x" not in name and "0028" < name[:4] < "7FE0"
    ]
    more = [_element(tag, vr, b"\xff\\\x01x") for tag, vr in tags[:findings]]
    return ct(number, side=4, study=".90", more=more)


def description_bomb(number: int, elements: int = 1_800_000) -> bytes:
    """A valid CT slice with so many empty private elements; 60 KB or so, deflated."""
    creator = _element(0x00090010, "LO", b"HDV TEST")
    empty = b"".join(_element(0x00091000 + n, "LO", b"") for n in range(0x10, 0xFF))
    items = _item(creator + empty) * (elements // 240)
    more = [creator, _element(0x00091001, "SQ", items)]
    return _with_syntax(ct(number, side=4, study=".91", more=more), _DEFLATED)


def nested_bomb(number: int, items: int = 900_000, depth: int = 60) -> bytes:
    """A valid CT slice with so many items, most of them deep within others; 100 KB, deflated."""
    creator = _element(0x00090010, "LO", b"HDV TEST")
    inner = b""
    for _ in range(depth):
        inner = creator + _element(
            0x00091001, "SQ", _item(inner, _UNDEFINED) + _SEQUENCE_END, _UNDEFINED
        )
    value = _item(inner, _UNDEFINED) * (items // depth) + _SEQUENCE_END
    more = [creator, _element(0x00091001, "SQ", value, _UNDEFINED)]
    return _with_syntax(ct(number, side=4, study=".92", more=more), _DEFLATED)


def fragments_bomb(number: int, fragments: int = 1_900_000, size: int = 0) -> bytes:
    """A CT slice whose pixel data are so many fragments of a few bytes; 15 MB and more."""
    file = ct(number, side=4, study=".93")
    start = file.rindex(pack("<HH", 0x7FE0, 0x0010))
    fragment = _item(bytes(size))
    value = _item(b"") + fragment * fragments + _SEQUENCE_END
    return _with_syntax(file[:start] + _element(0x7FE00010, "OB", value, _UNDEFINED), _JPEG)


def _element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    length = len(value) if length is None else length
    header = pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    return header + (pack("<HI", 0, length) if vr in _LONG else pack("<H", length)) + value


def _item(content: bytes, length: int | None = None) -> bytes:
    length = len(content) if length is None else length
    end = _ITEM_END if length == _UNDEFINED else b""
    return pack("<HHI", 0xFFFE, 0xE000, length) + content + end


def _with_syntax(file: bytes, uid: str) -> bytes:
    """A file in explicit VR little endian under another transfer syntax, deflated if that is it."""
    (length,) = unpack_from("<I", file, _META + 8)
    end = _META + 12 + length
    old = _element(0x00020010, "UI", b"1.2.840.10008.1.2.1\0")
    new = _element(0x00020010, "UI", uid.encode() + b"\0" * (len(uid) % 2))
    meta = file[_META + 12 : end].replace(old, new)
    dataset = file[end:]
    if uid == _DEFLATED:
        stream = zlib.compressobj(wbits=-15)
        dataset = stream.compress(dataset) + stream.flush()
        dataset += b"\0" * (len(dataset) % 2)
    return file[:_META] + _element(0x00020000, "UL", pack("<I", len(meta))) + meta + dataset
