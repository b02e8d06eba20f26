"""Files to measure with: CT slices, a structure set of 2 MB, a file of any size."""

from collections.abc import Sequence
from struct import pack

_ROOT = "1.2.826.0.1.3680043.8.498"
_EXPLICIT = "1.2.840.10008.1.2.1"
_LONG = {"OB", "OW", "SQ", "UN", "UT"}
_CT_ELEMENTS = 101
"""In the data set; the file meta information has six more."""
_CONTOURS = 900
_POINTS = 92


def _element(tag: int, vr: str, value: bytes | str) -> bytes:
    if isinstance(value, str):
        value = value.encode()
    if len(value) % 2:
        value += b"\0" if vr in {"UI", "OB"} else b" "
    header = pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr in _LONG:
        return header + pack("<HI", 0, len(value)) + value
    return header + pack("<H", len(value)) + value


def _sequence(tag: int, items: list[bytes]) -> bytes:
    encoded = (pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in items)
    return _element(tag, "SQ", b"".join(encoded))


def _us(number: int) -> bytes:
    return pack("<H", number)


def _file(sop_class: str, instance: str, elements: list[bytes]) -> bytes:
    meta = b"".join(
        (
            _element(0x00020001, "OB", b"\0\1"),
            _element(0x00020002, "UI", sop_class),
            _element(0x00020003, "UI", instance),
            _element(0x00020010, "UI", _EXPLICIT),
            _element(0x00020012, "UI", "1.2.826.0.1.3680043.8.498.1"),
        )
    )
    length = _element(0x00020000, "UL", pack("<I", len(meta)))
    ordered = sorted(elements, key=lambda e: (e[1], e[0], e[3], e[2]))
    return bytes(128) + b"DICM" + length + meta + b"".join(ordered)


def ct(
    number: int = 1,
    *,
    study: str = "",
    side: int = 512,
    pixels: bytes = b"",
    more: Sequence[bytes] = (),
) -> bytes:
    """A slice of 512 x 512 pixels as scanners write them: 107 elements, 526 KB.

    Args:
        number: of the slice; each has a UID, a position and pixels of its own.
        study: the last components of all UIDs, such as `.3.1`; each is a study of its own.
        side: rows and columns.
        pixels: 16 bits each, of which 12 are used; all alike if there are none.
        more: further elements, encoded.
    """
    sop_class, uid = "1.2.840.10008.5.1.4.1.1.2", f"{_ROOT}.7{study}.{number}"
    elements = [
        _element(0x00080005, "CS", "ISO_IR 100"),
        _element(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
        _element(0x00080016, "UI", sop_class),
        _element(0x00080018, "UI", uid),
        _element(0x00080020, "DA", "20240117"),
        _element(0x00080021, "DA", "20240117"),
        _element(0x00080022, "DA", "20240117"),
        _element(0x00080023, "DA", "20240117"),
        _element(0x00080030, "TM", "101112.500"),
        _element(0x00080031, "TM", "101500"),
        _element(0x00080032, "TM", f"1015{number % 60:02}"),
        _element(0x00080033, "TM", f"1016{number % 60:02}"),
        _element(0x00080050, "SH", "A2024-0117"),
        _element(0x00080060, "CS", "CT"),
        _element(0x00080070, "LO", "Acme Medical"),
        _element(0x00080080, "LO", "St. Elsewhere"),
        _element(0x00080090, "PN", "Roe^Richard"),
        _element(0x00081010, "SH", "CT01"),
        _element(0x00081030, "LO", "CT chest with contrast"),
        _element(0x0008103E, "LO", "Thin axial"),
        _element(0x00081090, "LO", "Tomo 64"),
        _element(0x00100010, "PN", "Doe^Jane"),
        _element(0x00100020, "LO", "JD-42"),
        _element(0x00100030, "DA", "19600229"),
        _element(0x00100040, "CS", "F"),
        _element(0x00101010, "AS", "063Y"),
        _element(0x00101020, "DS", "1.68"),
        _element(0x00101030, "DS", "64.5"),
        _element(0x00180010, "LO", "Iohexol"),
        _element(0x00180015, "CS", "CHEST"),
        _element(0x00180022, "CS", "HELICAL"),
        _element(0x00180050, "DS", "1.25"),
        _element(0x00180060, "DS", "120"),
        _element(0x00180090, "DS", "500"),
        _element(0x00181000, "LO", "1234"),
        _element(0x00181020, "LO", "7.1"),
        _element(0x00181030, "LO", "Chest"),
        _element(0x00181100, "DS", "360"),
        _element(0x00181110, "DS", "949"),
        _element(0x00181111, "DS", "541"),
        _element(0x00181120, "DS", "0"),
        _element(0x00181130, "DS", "150"),
        _element(0x00181140, "CS", "CW"),
        _element(0x00181150, "IS", "800"),
        _element(0x00181151, "IS", "210"),
        _element(0x00181152, "IS", "168"),
        _element(0x00181160, "SH", "BODY"),
        _element(0x00181170, "IS", "48"),
        _element(0x00181190, "DS", "0.7"),
        _element(0x00181210, "SH", "STANDARD"),
        _element(0x00185100, "CS", "HFS"),
        _element(0x0020000D, "UI", f"{_ROOT}.5{study}"),
        _element(0x0020000E, "UI", f"{_ROOT}.6{study}"),
        _element(0x00200010, "SH", "4711"),
        _element(0x00200011, "IS", "2"),
        _element(0x00200012, "IS", "1"),
        _element(0x00200013, "IS", str(number)),
        _element(0x00200032, "DS", f"-180\\-180\\{number * 1.25:.3f}"),
        _element(0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
        _element(0x00200052, "UI", f"{_ROOT}.8{study}"),
        _element(0x00201040, "LO", "SN"),
        _element(0x00201041, "DS", f"{number * 1.25:.3f}"),
        _element(0x00280002, "US", _us(1)),
        _element(0x00280004, "CS", "MONOCHROME2"),
        _element(0x00280010, "US", _us(side)),
        _element(0x00280011, "US", _us(side)),
        _element(0x00280030, "DS", "0.703125\\0.703125"),
        _element(0x00280100, "US", _us(16)),
        _element(0x00280101, "US", _us(12)),
        _element(0x00280102, "US", _us(11)),
        _element(0x00280103, "US", _us(0)),
        _element(0x00281050, "DS", "40\\-600"),
        _element(0x00281051, "DS", "400\\1500"),
        _element(0x00281052, "DS", "-1024"),
        _element(0x00281053, "DS", "1"),
        _element(0x00281054, "LO", "HU"),
        _element(0x7FE00010, "OW", pixels or pack("<H", number % 4096) * (side * side)),
        _element(0x00190010, "LO", "ACME 1.0"),
    ]
    private = range(_CT_ELEMENTS - len(elements))
    elements += [_element(0x00191000 + n, "DS", f"{n * 1.5:g}") for n in private]
    return _file(sop_class, uid, [*elements, *more])


def structure_set(*, study: str = "") -> bytes:
    """An RT structure set of 2 MB: 900 contours of 92 points in 30 regions.

    Args:
        study: the last components of its UIDs.
    """
    sop_class, uid = "1.2.840.10008.5.1.4.1.1.481.3", f"{_ROOT}.9{study}.1"
    rois = range(1, 31)
    reference = _element(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2") + _element(
        0x00081155, "UI", "1.2.826.0.1.3680043.8.498.7.1"
    )

    def contour(index: int) -> bytes:
        z = index * 1.25
        points = "\\".join(f"{p * 0.731:.3f}\\{p * -0.517:.3f}\\{z:.3f}" for p in range(_POINTS))
        return (
            _sequence(0x30060016, [reference])
            + _element(0x30060042, "CS", "CLOSED_PLANAR")
            + _element(0x30060046, "IS", str(_POINTS))
            + _element(0x30060050, "DS", points)
        )

    each = _CONTOURS // len(rois)
    elements = [
        _element(0x00080005, "CS", "ISO_IR 100"),
        _element(0x00080016, "UI", sop_class),
        _element(0x00080018, "UI", uid),
        _element(0x00080020, "DA", "20240117"),
        _element(0x00080030, "TM", "101112"),
        _element(0x00080050, "SH", ""),
        _element(0x00080060, "CS", "RTSTRUCT"),
        _element(0x00080070, "LO", "Acme Medical"),
        _element(0x00080090, "PN", ""),
        _element(0x00100010, "PN", "Doe^Jane"),
        _element(0x00100020, "LO", "JD-42"),
        _element(0x00100030, "DA", "19600229"),
        _element(0x00100040, "CS", "F"),
        _element(0x0020000D, "UI", f"{_ROOT}.5{study}"),
        _element(0x0020000E, "UI", f"{_ROOT}.61{study}"),
        _element(0x00200010, "SH", "4711"),
        _element(0x00200011, "IS", "9"),
        _element(0x00200013, "IS", "1"),
        _element(0x30060002, "SH", "Plan 1"),
        _element(0x30060008, "DA", "20240118"),
        _element(0x30060009, "TM", "090000"),
        _sequence(
            0x30060020,
            [
                _element(0x30060022, "IS", str(roi))
                + _element(0x30060024, "UI", "1.2.826.0.1.3680043.8.498.8")
                + _element(0x30060026, "LO", f"Region {roi}")
                + _element(0x30060036, "CS", "MANUAL")
                for roi in rois
            ],
        ),
        _sequence(
            0x30060039,
            [
                _element(0x3006002A, "IS", "255\\0\\0")
                + _sequence(0x30060040, [contour(roi * each + n) for n in range(each)])
                + _element(0x30060084, "IS", str(roi))
                for roi in rois
            ],
        ),
        _sequence(
            0x30060080,
            [
                _element(0x30060082, "IS", str(roi))
                + _element(0x30060084, "IS", str(roi))
                + _element(0x300600A4, "CS", "ORGAN")
                + _element(0x300600A6, "PN", "")
                for roi in rois
            ],
        ),
    ]
    return _file(sop_class, uid, elements)


def private_elements(count: int) -> bytes:
    """A CT with so many private elements, 57,344 at most, each with another value."""
    creators = [_element(0x00410010 + n, "LO", "ACME 2.0") for n in range(0xE0)]
    elements = [
        _element(0x00410000 | (0x10 + n // 256) << 8 | n % 256, "DS", f"{n * 0.37:.2f}")
        for n in range(count)
    ]
    return ct(more=creators[: count // 256 + 1] + elements)


def items(count: int) -> bytes:
    """A CT that refers to so many other images."""
    references = [
        _element(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2")
        + _element(0x00081155, "UI", f"1.2.826.0.1.3680043.8.498.7.{n}")
        for n in range(count)
    ]
    return ct(more=[_sequence(0x00081140, references)])


def frames(count: int, *, study: str = "") -> bytes:
    """A secondary capture of so many frames of 512 x 512 pixels, up to its pixels.

    Args:
        count: of frames, 512 KiB each, which have to follow.
        study: the last components of all UIDs.
    """
    sop_class, uid = "1.2.840.10008.5.1.4.1.1.7.3", f"{_ROOT}.7{study}.1"
    elements = [
        _element(0x00080005, "CS", "ISO_IR 100"),
        _element(0x00080008, "CS", "DERIVED\\SECONDARY"),
        _element(0x00080016, "UI", sop_class),
        _element(0x00080018, "UI", uid),
        _element(0x00080020, "DA", "20240117"),
        _element(0x00080023, "DA", "20240117"),
        _element(0x00080030, "TM", "101112"),
        _element(0x00080033, "TM", "101112"),
        _element(0x00080050, "SH", ""),
        _element(0x00080060, "CS", "OT"),
        _element(0x00080064, "CS", "WSD"),
        _element(0x00080070, "LO", "Acme Medical"),
        _element(0x00080090, "PN", ""),
        _element(0x00100010, "PN", "Doe^Jane"),
        _element(0x00100020, "LO", "JD-42"),
        _element(0x00100030, "DA", "19600229"),
        _element(0x00100040, "CS", "F"),
        _element(0x00181063, "DS", "40"),
        _element(0x0020000D, "UI", f"{_ROOT}.5{study}"),
        _element(0x0020000E, "UI", f"{_ROOT}.6{study}"),
        _element(0x00200010, "SH", "4711"),
        _element(0x00200011, "IS", "1"),
        _element(0x00200013, "IS", "1"),
        _element(0x00200020, "CS", ""),
        _element(0x00280002, "US", _us(1)),
        _element(0x00280004, "CS", "MONOCHROME2"),
        _element(0x00280008, "IS", str(count)),
        _element(0x00280009, "AT", pack("<HH", 0x0018, 0x1063)),
        _element(0x00280010, "US", _us(512)),
        _element(0x00280011, "US", _us(512)),
        _element(0x00280100, "US", _us(16)),
        _element(0x00280101, "US", _us(16)),
        _element(0x00280102, "US", _us(15)),
        _element(0x00280103, "US", _us(0)),
        _element(0x00280301, "CS", "NO"),
        _element(0x00281052, "DS", "0"),
        _element(0x00281053, "DS", "1"),
        _element(0x00281054, "LO", "US"),
        _element(0x20500020, "CS", "IDENTITY"),
    ]
    pixels = pack("<HH", 0x7FE0, 0x0010) + b"OW" + pack("<HI", 0, count * 2 * 512 * 512)
    return _file(sop_class, uid, elements) + pixels
