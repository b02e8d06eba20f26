"""What describes pixels: one defect gives one finding, the valid twin gives none."""

from dataclasses import dataclass
from struct import pack

import pytest

from engine.rules.catalogue import RULES
from unit.engine import codestream_writer as frame
from unit.engine import dicom_writer as dicom
from unit.engine.layers import changed
from unit.engine.pixels.pixel_findings import MULTI_FRAME, pixel_codes, pixel_findings

J2K = "1.2.840.10008.1.2.4.91"
J2K_LOSSLESS = "1.2.840.10008.1.2.4.90"
LAYERS = {"lut", "overlay", "waveform", "icon", "multiframe"}
PHOTOMETRY = {
    f"pixel.{name}"
    for name in (
        "bits-allocated",
        "bits-stored",
        "high-bit",
        "representation",
        "samples",
        "photometric-bits",
        "photometric-syntax",
        "photometric-jpeg",
        "planar-configuration",
        "palette-missing",
        "extremes",
        "vr",
        "data-ambiguous",
    )
}
Changes = dict[int, tuple[str, bytes] | None]

ROWS, COLUMNS, FRAMES = 0x00280010, 0x00280011, 0x00280008
SAMPLES, PHOTOMETRIC, PLANAR = 0x00280002, 0x00280004, 0x00280006
ALLOCATED, STORED, HIGH, SIGN = 0x00280100, 0x00280101, 0x00280102, 0x00280103
SMALLEST, LARGEST = 0x00280106, 0x00280107
PIXELS, FLOATS = 0x7FE00010, 0x7FE00008
LUT_SEQUENCE, ICONS, WAVEFORMS = 0x00283000, 0x00880200, 0x54000100


def us(*numbers: int) -> tuple[str, bytes]:
    return ("US", pack(f"<{len(numbers)}H", *numbers))


def ct(changes: Changes | None = None, syntax: str = dicom.EXPLICIT) -> bytes:
    return dicom.part10(changed(dicom.ct(), changes or {}), syntax)


def sequence(tag: int, content: dict[int, tuple[str, bytes]], changes: Changes) -> Changes:
    """A sequence of one item, the item with changes."""
    return {tag: ("SQ", dicom.item(dicom.encode(changed(content, changes))))}


PALETTE: Changes = {
    PHOTOMETRIC: ("CS", b"PALETTE COLOR "),
    **{tag: us(4, 0, 16) for tag in (0x00281101, 0x00281102, 0x00281103)},
    **{tag: ("OW", bytes(8)) for tag in (0x00281201, 0x00281202, 0x00281203)},
}
RGB: Changes = {
    PHOTOMETRIC: ("CS", b"RGB "),
    SAMPLES: us(3),
    PLANAR: us(0),
    PIXELS: ("OW", bytes(144)),
}
COMPRESSED_RGB: Changes = {
    **RGB,
    ALLOCATED: us(8),
    STORED: us(8),
    HIGH: us(7),
    0x00282110: ("CS", b"01"),
}
YBR_FULL = ("CS", b"YBR_FULL")
OVERLAY: Changes = {
    0x60000010: us(4),
    0x60000011: us(5),
    0x60000100: us(1),
    0x60000102: us(0),
    0x60003000: ("OW", bytes(4)),
}
LAYER = 0x60001001
LUT = {0x00283002: us(4, 0, 12), 0x00283006: ("OW", bytes(8))}
ICON = {
    SAMPLES: us(1),
    PHOTOMETRIC: ("CS", b"MONOCHROME2 "),
    ROWS: us(3),
    COLUMNS: us(3),
    ALLOCATED: us(8),
    STORED: us(8),
    HIGH: us(7),
    SIGN: us(0),
    PIXELS: ("OB", bytes(10)),
}
CHANNEL = dicom.item(dicom.element(0x003A0202, "IS", b"1 "))
WAVEFORM = {
    0x003A0005: us(2),
    0x003A0010: ("UL", pack("<I", 3)),
    0x003A0200: ("SQ", CHANNEL * 2),
    0x54001004: us(16),
    0x54001006: ("CS", b"SS"),
    0x54001010: ("OW", bytes(12)),
}
LOOP: Changes = {
    0x00080016: MULTI_FRAME,
    FRAMES: ("IS", b"2 "),
    0x00280009: ("AT", b"\x18\0\x65\x10"),
    0x00181065: ("DS", b"0\\40"),
    PIXELS: ("OW", bytes(96)),
}


def compressed(frame_bytes: bytes, changes: Changes, syntax: str) -> bytes:
    pixels: Changes = {PIXELS: ("fragments", dicom.fragments(frame_bytes))}
    return ct(changes | pixels, syntax)


def wrong_vr(encapsulated: bytes) -> bytes:
    """The same file with other letters before the pixel data."""
    header = pack("<HH", 0x7FE0, 0x0010)
    return encapsulated.replace(header + b"OB", header + b"OW")


@dataclass(frozen=True)
class Case:
    """A defect and the file without it."""

    code: str
    defective: bytes
    valid: bytes
    path: str
    id: str = ""


def pair(code: str, path: str, valid: Changes, defect: Changes, note: str = "") -> Case:
    """A defect on top of a valid image."""
    return Case(code, ct(valid | defect), ct(valid), path, note)


def nested(
    code: str,
    path: str,
    tag: int,
    item: dict[int, tuple[str, bytes]],
    defect: Changes,
    *,
    note: str = "",
) -> Case:
    """A defect in the item of a sequence."""
    defective, valid = sequence(tag, item, defect), sequence(tag, item, {})
    return Case(code, ct(defective), ct(valid), path, note)


JPEG_RGB = frame.jpeg2000(components=3)
CASES = [
    pair(
        "pixel.bits-allocated",
        "(0028,0100)",
        {PIXELS: ("OW", bytes(48))},
        {ALLOCATED: us(12), PIXELS: ("OW", bytes(36))},
    ),
    pair(
        "pixel.bits-allocated",
        "(0028,0100)",
        {PIXELS: None, FLOATS: ("OF", bytes(96)), ALLOCATED: us(32)},
        {ALLOCATED: us(64)},
        "float",
    ),
    pair("pixel.bits-stored", "(0028,0101)", {}, {STORED: us(17)}, "too many"),
    pair("pixel.bits-stored", "(0028,0101)", {}, {STORED: us(0)}, "none"),
    pair("pixel.high-bit", "(0028,0102)", {}, {HIGH: us(15)}),
    pair("pixel.representation", "(0028,0103)", {SIGN: us(1)}, {SIGN: us(2)}),
    pair("pixel.samples", "(0028,0002)", RGB, {PHOTOMETRIC: ("CS", b"MONOCHROME2 ")}),
    pair(
        "pixel.samples",
        "(0028,0002)",
        {},
        {PHOTOMETRIC: ("CS", b"RGB ")},
        "one sample of a colour",
    ),
    pair(
        "pixel.photometric-bits",
        "(0028,0100)",
        PALETTE,
        {ALLOCATED: us(32), PIXELS: ("OW", bytes(96))},
        "palette",
    ),
    pair(
        "pixel.photometric-bits",
        "(0028,0100)",
        RGB | {STORED: us(1), HIGH: us(0)},
        {ALLOCATED: us(1), PIXELS: ("OW", bytes(10))},
        "colours of one bit",
    ),
    *(
        pair(
            "pixel.photometric-syntax",
            "(0028,0004)",
            RGB,
            {PHOTOMETRIC: ("CS", value), PIXELS: ("OW", bytes(size))},
            value.decode(),
        )
        for value, size in ((b"YBR_RCT ", 144), (b"YBR_ICT ", 144), (b"YBR_PARTIAL_420 ", 72))
    ),
    Case(
        "pixel.photometric-syntax",
        compressed(
            frame.jpeg(),
            {
                **PALETTE,
                ALLOCATED: us(8),
                STORED: us(8),
                HIGH: us(7),
                0x00282110: ("CS", b"01"),
            },
            dicom.JPEG,
        ),
        compressed(
            frame.rle(),
            {**PALETTE, ALLOCATED: us(8), STORED: us(8), HIGH: us(7)},
            dicom.RLE,
        ),
        "(0028,0004)",
        "indices compressed with loss",
    ),
    Case(
        "pixel.photometric-syntax",
        compressed(
            frame.rle(count=3, offsets=[64, 66, 67]),
            {**COMPRESSED_RGB, PHOTOMETRIC: ("CS", b"YBR_FULL_422")},
            dicom.RLE,
        ),
        compressed(frame.rle(count=3, offsets=[64, 66, 67]), COMPRESSED_RGB, dicom.RLE),
        "(0028,0004)",
        "subsampled RLE",
    ),
    pair("pixel.planar-configuration", "(0028,0006)", RGB, {PLANAR: None}, "missing"),
    pair("pixel.planar-configuration", "(0028,0006)", RGB | {PLANAR: us(1)}, {PLANAR: us(2)}),
    pair(
        "pixel.planar-configuration",
        "(0028,0006)",
        RGB | {PHOTOMETRIC: ("CS", b"YBR_FULL_422"), PIXELS: ("OW", bytes(96))},
        {PLANAR: us(1)},
        "planes of subsampled colours",
    ),
    pair("pixel.palette-missing", "(0028,1202)", PALETTE, {0x00281202: None}, "data"),
    pair("pixel.palette-missing", "(0028,1102)", PALETTE, {0x00281102: None}, "descriptor"),
    pair(
        "pixel.palette-missing",
        "(0028,1202)",
        PALETTE | {0x00281202: None, 0x00281222: ("OW", bytes(8))},
        {0x00281222: None},
        "segmented data",
    ),
    pair("pixel.extremes", "(0028,0106)", {LARGEST: us(5)}, {SMALLEST: us(6)}),
    pair(
        "pixel.extremes",
        "(0028,0106)",
        {SIGN: us(1), SMALLEST: us(0xFFFF), LARGEST: us(5)},
        {SIGN: us(0)},
        "sign",
    ),
    Case("pixel.vr", ct({PIXELS: ("OB", bytes(48))}), ct(), "(7FE0,0010)"),
    Case(
        "pixel.vr",
        wrong_vr(compressed(JPEG_RGB, COMPRESSED_RGB, J2K)),
        compressed(JPEG_RGB, COMPRESSED_RGB, J2K),
        "(7FE0,0010)",
        "fragments",
    ),
    pair("pixel.data-ambiguous", "(7FE0,0008)", {}, {FLOATS: ("OF", bytes(96))}),
    nested(
        "lut.descriptor",
        "(0028,3000)[0]>(0028,3002)",
        LUT_SEQUENCE,
        LUT,
        {0x00283002: us(4, 0)},
        note="two numbers",
    ),
    nested(
        "lut.descriptor",
        "(0028,3000)[0]>(0028,3002)",
        LUT_SEQUENCE,
        LUT,
        {0x00283002: us(4, 0, 17)},
        note="17 bits",
    ),
    nested(
        "lut.length-short",
        "(0028,3000)[0]>(0028,3006)",
        LUT_SEQUENCE,
        LUT,
        {0x00283006: ("OW", bytes(6))},
    ),
    pair("lut.length-short", "(0028,1203)", PALETTE, {0x00281203: ("OW", bytes(6))}, "palette"),
    nested(
        "lut.length-long",
        "(0028,3000)[0]>(0028,3006)",
        LUT_SEQUENCE,
        LUT,
        {0x00283006: ("OW", bytes(10))},
    ),
    pair("lut.palettes-differ", "(0028,1103)", PALETTE, {0x00281103: us(4, 1, 16)}),
    pair("overlay.length-short", "(6000,3000)", OVERLAY, {0x60003000: ("OW", bytes(2))}),
    pair(
        "overlay.length-short",
        "(6000,3000)",
        OVERLAY | {0x60000015: ("IS", b"2 "), 0x60003000: ("OW", bytes(6))},
        {0x60003000: ("OW", bytes(4))},
        "two frames",
    ),
    pair("overlay.length-long", "(6000,3000)", OVERLAY, {0x60003000: ("OW", bytes(6))}),
    pair("overlay.bits", "(6000,0100)", OVERLAY, {0x60000100: us(16)}),
    pair("overlay.bits", "(6000,0102)", OVERLAY, {0x60000102: us(12)}, "position"),
    pair(
        "overlay.shutter", "(0018,1623)", {**OVERLAY, 0x00181623: us(0x6000)}, {0x00181623: us(2)}
    ),
    pair(
        "overlay.layer",
        "(6000,1001)",
        OVERLAY | sequence(0x00700060, {0x00700002: ("CS", b"A ")}, {}) | {LAYER: ("CS", b"A ")},
        {LAYER: ("CS", b"B ")},
    ),
    pair("overlay.bit-position", "(6000,0102)", OVERLAY, {0x60003000: None}),
    pair("overlay.embedded", "(6000,3000)", OVERLAY, {0x60003000: None, 0x60000102: us(15)}),
    nested(
        "icon.length", "(0088,0200)[0]>(7FE0,0010)", ICONS, ICON, {0x7FE00010: ("OB", bytes(8))}
    ),
    nested(
        "waveform.length-short",
        "(5400,0100)[0]>(5400,1010)",
        WAVEFORMS,
        WAVEFORM,
        {0x54001010: ("OW", bytes(10))},
    ),
    nested(
        "waveform.length-long",
        "(5400,0100)[0]>(5400,1010)",
        WAVEFORMS,
        WAVEFORM,
        {0x54001010: ("OW", bytes(14))},
    ),
    nested(
        "waveform.bits",
        "(5400,0100)[0]>(5400,1004)",
        WAVEFORMS,
        WAVEFORM,
        {0x54001006: ("CS", b"SB")},
    ),
    nested(
        "waveform.channels",
        "(5400,0100)[0]>(003A,0200)",
        WAVEFORMS,
        WAVEFORM,
        {0x003A0200: ("SQ", CHANNEL)},
    ),
    pair("multiframe.vector", "(0018,1065)", LOOP, {0x00181065: ("DS", b"0\\40\\40 ")}),
    pair(
        "multiframe.vector",
        "(0054,0080)",
        LOOP | {0x00540080: us(1, 2)},
        {0x00540080: us(1)},
        "binary",
    ),
    pair("multiframe.pointer", "(0028,0009)", LOOP, {0x00181065: None}),
    pair(
        "multiframe.not-multiframe",
        "(0028,0008)",
        LOOP,
        {0x00080016: ("UI", dicom.uid(dicom.CT_IMAGE_STORAGE))},
    ),
    Case(
        "pixel.photometric-jpeg",
        compressed(frame.jpeg(components=3), {**COMPRESSED_RGB, PHOTOMETRIC: YBR_FULL}, dicom.JPEG),
        compressed(
            frame.jpeg(components=3),
            {**COMPRESSED_RGB, PHOTOMETRIC: ("CS", b"YBR_FULL_422")},
            dicom.JPEG,
        ),
        "(0028,0004)",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.id}".rstrip())
def test_one_defect_of_pixels_gives_one_finding_and_its_valid_twin_none(case: Case) -> None:
    assert pixel_codes(case.valid) == []

    [finding] = pixel_findings(case.defective)

    assert (finding.code, finding.path) == (case.code, case.path)
    assert finding.severity is RULES[case.code].severity


def test_every_rule_of_what_describes_pixels_is_tested_by_a_defect() -> None:
    rules = {code for code, rule in RULES.items() if rule.layer in LAYERS} | PHOTOMETRY

    assert {case.code for case in CASES} == rules


def test_every_rule_of_pixels_says_why_it_matters_and_how_to_fix_it() -> None:
    layers = LAYERS | {"pixel", "codestream", "decoding"}

    for rule in RULES.values():
        if rule.layer in layers:
            assert rule.why.endswith("."), rule.code
            assert rule.fix.endswith("."), rule.code


@pytest.mark.parametrize("syntax", [dicom.IMPLICIT, dicom.BIG_ENDIAN])
def test_other_encodings_have_the_same_rules(syntax: str) -> None:
    assert pixel_codes(ct(syntax=syntax)) == []
    assert pixel_codes(ct({HIGH: us(15)}, syntax)) == ["pixel.high-bit"]


def test_a_lookup_table_of_65536_entries_says_zero() -> None:
    for size, codes in ((131072, []), (131070, ["lut.length-short"])):
        table = {0x00283002: us(0, 0, 16), 0x00283006: ("OW", bytes(size))}
        assert pixel_codes(ct(sequence(LUT_SEQUENCE, table, {}))) == codes


@pytest.mark.parametrize("size", [4, 8])
def test_entries_of_eight_bits_have_a_byte_or_a_word(size: int) -> None:
    table = {0x00283002: us(4, 0, 8), 0x00283006: ("OW", bytes(size))}

    assert pixel_codes(ct(sequence(LUT_SEQUENCE, table, {}))) == []


def test_pixels_that_lie_elsewhere_may_have_any_photometric_interpretation() -> None:
    changes = RGB | {PHOTOMETRIC: ("CS", b"YBR_RCT "), PIXELS: None}

    assert pixel_codes(ct(changes, "1.2.840.10008.1.2.4.94")) == []


def test_a_compressed_icon_is_left_alone() -> None:
    icon = dicom.encode({**ICON, PIXELS: ("fragments", dicom.fragments(frame.jpeg()))})

    assert pixel_codes(ct({ICONS: ("SQ", dicom.item(icon))})) == []


def test_many_tables_in_one_item_take_no_more_time_than_one() -> None:
    table = dicom.encode(LUT)
    many = ct({LUT_SEQUENCE: ("SQ", dicom.item(table * 20_000))})

    assert pixel_codes(many) == []
