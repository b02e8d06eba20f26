"""Headers of compressed frames: one defect gives one finding, the valid twin gives none."""

from dataclasses import dataclass

import pytest

from contracts.report import Severity
from engine.rules.catalogue import RULES
from unit.engine import codestream_writer as frame
from unit.engine import dicom_writer as dicom
from unit.engine.pixels.pixel_findings import MULTI_FRAME, pixel_codes, pixel_findings

EXTENDED = "1.2.840.10008.1.2.4.51"
LOSSLESS = "1.2.840.10008.1.2.4.57"
FIRST_ORDER = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_LOSSY = "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS = "1.2.840.10008.1.2.4.90"
J2K = "1.2.840.10008.1.2.4.91"
JXL_LOSSLESS = "1.2.840.10008.1.2.4.110"
JXL = "1.2.840.10008.1.2.4.112"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
H264 = "1.2.840.10008.1.2.4.102"
H265 = "1.2.840.10008.1.2.4.107"
UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"

# Made with libjxl: 4 x 6 pixels, without and with loss, and without loss in a file format.
JXL_FRAME = bytes.fromhex("ff0a18401014370208040100a8004b188b15525c57b7f9f87b7c")
JXL_LOSSY = bytes.fromhex("ff0a1840901437020148010b541200800a9551c60d5ecef57cf9")
JXL_FILE = bytes.fromhex(
    "0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000096a786c6c0a"
    "000000226a786c63ff0a18401014370208040100a8004b188b15525c57b7f9f87b7c00"
)
JFIF = frame.segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
RGB_BY_ADOBE = frame.segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
YBR_BY_ADOBE = frame.segment(0xEE, b"Adobe\0\x64\0\0\0\0\1")
TLM = frame.segment(0x55, b"\0\x40\0\0\0\x12")
MPEG_2 = b"\0\0\1\xb3\x00\x60\x04" + bytes(13)  # 6 columns, 4 rows
H264_STREAM = b"\0\0\0\1\x67\x42\0\x1e" + bytes(12)
H265_STREAM = b"\0\0\0\1\x40\x01\x0c\x01" + bytes(12)


def file(syntax: str, *frames: bytes, **changes: bytes) -> bytes:
    """An image of 4 x 6 pixels of 8 bits, which says that it is compressed with loss."""
    dataset = dicom.encapsulated_ct(dicom.fragments(*frames), len(frames))
    dataset |= {0x00080016: MULTI_FRAME, 0x00282110: ("CS", b"01")}
    for name, value in changes.items():
        tag = int(name.removeprefix("x"), 16)
        dataset[tag] = (dataset.get(tag, ("US", b""))[0], value)
    return dicom.part10(dataset, syntax)


def colour(photometric: bytes) -> dict[str, bytes]:
    return {"x00280002": dicom.us(3), "x00280004": photometric, "x00280006": dicom.us(0)}


@dataclass(frozen=True)
class Case:
    """A defect and the file without it."""

    code: str
    defective: bytes
    valid: bytes
    id: str = ""


CASES = [
    Case("codestream.invalid", file(dicom.JPEG, b"\1\2\3\4"), file(dicom.JPEG, frame.jpeg())),
    Case(
        "codestream.invalid",
        file(dicom.JPEG, b""),
        file(dicom.JPEG, frame.jpeg()),
        "no bytes",
    ),
    Case(
        "codestream.invalid",
        file(dicom.JPEG, b"\xff\xd8\xff\xe0\0\4\1\2\1\2\3\4"),
        file(dicom.JPEG, frame.jpeg(before=b"\xff\xe0\0\4\1\2")),
        "no marker behind a segment",
    ),
    Case(
        "codestream.invalid",
        file(dicom.JPEG, frame.jpeg(components=0)),
        file(dicom.JPEG, frame.jpeg()),
        "no components",
    ),
    Case(
        "codestream.invalid",
        file(J2K, frame.jpeg2000(before=b"\1\2\3\4")),
        file(J2K, frame.jpeg2000(before=frame.segment(0x64, b"\0\1hdv"))),
        "no marker in a main header",
    ),
    Case(
        "codestream.invalid",
        file(J2K, frame.jpeg2000(tile_part=16)),
        file(J2K, frame.jpeg2000(tile_part=18)),
        "a tile-part that is too short",
    ),
    Case(
        "codestream.invalid",
        file(dicom.RLE, frame.rle(count=0)),
        file(dicom.RLE, frame.rle()),
        "no RLE segments",
    ),
    Case(
        "codestream.invalid",
        file(dicom.RLE, frame.rle(offsets=[66])),
        file(dicom.RLE, frame.rle(offsets=[64])),
        "an RLE segment elsewhere",
    ),
    Case(
        "codestream.invalid",
        file(DEFLATED_FRAMES, b"\x07\7\7\7"),
        file(DEFLATED_FRAMES, dicom.deflate(bytes(24))),
        "no deflated stream",
    ),
    Case(
        "codestream.invalid",
        file(dicom.MPEG, b"RIFF" + bytes(20)),
        file(dicom.MPEG, MPEG_2),
        "a video of no known kind",
    ),
    Case(
        "codestream.truncated",
        file(dicom.JPEG, frame.jpeg(end=b"")),
        file(dicom.JPEG, frame.jpeg()),
        "no end of image",
    ),
    Case(
        "codestream.truncated",
        file(dicom.JPEG, frame.jpeg()[:20]),
        file(dicom.JPEG, frame.jpeg()),
        "no scan",
    ),
    Case(
        "codestream.truncated",
        file(J2K, frame.jpeg2000(tile_part=1000)),
        file(J2K, frame.jpeg2000(tile_part=0)),
        "a tile-part that is too long",
    ),
    Case(
        "codestream.truncated",
        file(J2K, frame.jpeg2000()[:30]),
        file(J2K, frame.jpeg2000()),
        "no image size",
    ),
    Case(
        "codestream.truncated",
        file(dicom.RLE, frame.rle(data=b"")),
        file(dicom.RLE, frame.rle()),
        "no RLE segment",
    ),
    Case(
        "codestream.truncated",
        file(JXL, JXL_FRAME[:4]),
        file(JXL, JXL_FRAME),
        "no size in JPEG XL",
    ),
    Case("codestream.kind", file(J2K, frame.jpeg()), file(dicom.JPEG, frame.jpeg())),
    Case(
        "codestream.kind",
        file(J2K_LOSSLESS, frame.jpeg2000(high_throughput=True)),
        file(HTJ2K_LOSSLESS, frame.jpeg2000(high_throughput=True)),
        "high throughput",
    ),
    Case(
        "codestream.kind",
        file(JPEG_LS, frame.jpeg()),
        file(JPEG_LS, frame.jpeg_ls()),
        "JPEG for JPEG-LS",
    ),
    Case("codestream.kind", file(H264, MPEG_2), file(dicom.MPEG, MPEG_2), "video"),
    Case("codestream.kind", file(H264, H265_STREAM), file(H265, H265_STREAM), "new video"),
    Case(
        "codestream.process",
        file(dicom.JPEG, frame.jpeg(process=0xC1)),
        file(EXTENDED, frame.jpeg(process=0xC1)),
    ),
    Case(
        "codestream.process",
        file(LOSSLESS, frame.jpeg()),
        file(LOSSLESS, frame.jpeg(process=0xC3, predictor=6)),
        "baseline for lossless",
    ),
    Case(
        "codestream.process",
        file(FIRST_ORDER, frame.jpeg(process=0xC3, predictor=6)),
        file(FIRST_ORDER, frame.jpeg(process=0xC3, predictor=1)),
        "another predictor",
    ),
    Case(
        "codestream.scan",
        file(dicom.JPEG, frame.jpeg(last=0)),
        file(dicom.JPEG, frame.jpeg(last=63)),
    ),
    Case(
        "codestream.progression",
        file(HTJ2K_RPCL, frame.jpeg2000(high_throughput=True, before=TLM)),
        file(HTJ2K_RPCL, frame.jpeg2000(high_throughput=True, progression=2, before=TLM)),
    ),
    Case(
        "codestream.not-lossless",
        file(JPEG_LS, frame.jpeg_ls(near=2)),
        file(JPEG_LS_LOSSY, frame.jpeg_ls(near=2)),
    ),
    Case(
        "codestream.not-lossless",
        file(LOSSLESS, frame.jpeg(process=0xC3, predictor=1, approximation=2)),
        file(LOSSLESS, frame.jpeg(process=0xC3, predictor=1)),
        "a point transform",
    ),
    Case(
        "codestream.not-lossless",
        file(J2K_LOSSLESS, frame.jpeg2000(transformation=0)),
        file(J2K_LOSSLESS, frame.jpeg2000()),
        "an irreversible wavelet",
    ),
    Case(
        "codestream.not-lossless",
        file(
            J2K_LOSSLESS,
            frame.jpeg2000(before=frame.segment(0x53, b"\0\0\0\4\4\0\0")),
        ),
        file(
            J2K_LOSSLESS,
            frame.jpeg2000(before=frame.segment(0x53, b"\0\0\0\4\4\0\1")),
        ),
        "an irreversible wavelet of one component",
    ),
    Case(
        "codestream.not-lossless",
        file(JXL_LOSSLESS, JXL_LOSSY),
        file(JXL_LOSSLESS, JXL_FRAME),
        "JPEG XL",
    ),
    Case(
        "codestream.lossy-undeclared",
        file(dicom.JPEG, frame.jpeg(), x00282110=b"00"),
        file(FIRST_ORDER, frame.jpeg(process=0xC3, predictor=1), x00282110=b"00"),
    ),
    Case(
        "codestream.lossy-undeclared",
        file(dicom.MPEG, MPEG_2, x00282110=b""),
        file(dicom.MPEG, MPEG_2),
        "video",
    ),
    Case(
        "codestream.dimensions",
        file(dicom.JPEG, frame.jpeg(rows=6, columns=4)),
        file(dicom.JPEG, frame.jpeg(rows=4, columns=6)),
    ),
    Case(
        "codestream.dimensions",
        file(J2K, frame.jpeg2000(rows=6, columns=4)),
        file(J2K, frame.jpeg2000()),
        "JPEG 2000",
    ),
    Case(
        "codestream.dimensions",
        file(JXL, JXL_FILE, x00280010=dicom.us(5)),
        file(JXL, JXL_FILE),
        "JPEG XL in a file format",
    ),
    Case(
        "codestream.dimensions",
        file(dicom.MPEG, MPEG_2, x00280011=dicom.us(8)),
        file(dicom.MPEG, MPEG_2),
        "MPEG-2",
    ),
    Case(
        "codestream.dimensions",
        file(JPEG_LS, frame.jpeg_ls(), frame.jpeg_ls(), frame.jpeg_ls(rows=3)),
        file(JPEG_LS, frame.jpeg_ls(), frame.jpeg_ls(), frame.jpeg_ls()),
        "the last frame",
    ),
    Case(
        "codestream.components",
        file(dicom.JPEG, frame.jpeg(components=3)),
        file(dicom.JPEG, frame.jpeg(components=3), **colour(b"YBR_FULL_422")),
    ),
    Case(
        "codestream.precision",
        file(EXTENDED, frame.jpeg(process=0xC1, precision=12)),
        file(
            EXTENDED,
            frame.jpeg(process=0xC1, precision=12),
            x00280100=dicom.us(16),
            x00280101=dicom.us(12),
            x00280102=dicom.us(11),
        ),
    ),
    Case(
        "codestream.bits-stored",
        file(J2K, frame.jpeg2000(depth=6)),
        file(J2K, frame.jpeg2000(depth=7)),
    ),
    Case(
        "codestream.sign",
        file(J2K, frame.jpeg2000(depth=0x87)),
        file(J2K, frame.jpeg2000(depth=0x87), x00280103=dicom.us(1)),
    ),
    Case(
        "codestream.segments",
        file(dicom.RLE, frame.rle(count=2, offsets=[64, 66])),
        file(
            dicom.RLE,
            frame.rle(count=2, offsets=[64, 66]),
            x00280100=dicom.us(16),
            x00280101=dicom.us(16),
            x00280102=dicom.us(15),
        ),
    ),
    Case(
        "codestream.length",
        file(UNCOMPRESSED, bytes(22)),
        file(UNCOMPRESSED, bytes(24)),
    ),
    Case(
        "codestream.colour",
        file(dicom.JPEG, frame.jpeg(components=3, before=JFIF), **colour(b"RGB ")),
        file(dicom.JPEG, frame.jpeg(components=3, before=JFIF), **colour(b"YBR_FULL_422")),
        "JFIF",
    ),
    Case(
        "codestream.colour",
        file(dicom.JPEG, frame.jpeg(components=3, before=YBR_BY_ADOBE), **colour(b"RGB ")),
        file(dicom.JPEG, frame.jpeg(components=3, before=RGB_BY_ADOBE), **colour(b"RGB ")),
        "Adobe says YBR",
    ),
    Case(
        "codestream.colour",
        file(dicom.JPEG, frame.jpeg(components=3, before=RGB_BY_ADOBE), **colour(b"YBR_FULL_422")),
        file(dicom.JPEG, frame.jpeg(components=3, before=YBR_BY_ADOBE), **colour(b"YBR_FULL_422")),
        "Adobe says RGB",
    ),
    Case(
        "codestream.colour",
        file(dicom.JPEG, frame.jpeg(components=3, factors=(0x21,)), **colour(b"RGB ")),
        file(dicom.JPEG, frame.jpeg(components=3, factors=(0x21,)), **colour(b"YBR_FULL_422")),
        "subsampled RGB",
    ),
    Case(
        "codestream.colour",
        file(J2K, frame.jpeg2000(components=3, colours=1), **colour(b"RGB ")),
        file(J2K, frame.jpeg2000(components=3, colours=1), **colour(b"YBR_RCT ")),
        "JPEG 2000, transformed",
    ),
    Case(
        "codestream.colour",
        file(J2K, frame.jpeg2000(components=3), **colour(b"YBR_RCT ")),
        file(J2K, frame.jpeg2000(components=3), **colour(b"RGB ")),
        "JPEG 2000, not transformed",
    ),
    Case(
        "codestream.wrapped",
        file(J2K, frame.jp2(frame.jpeg2000())),
        file(J2K, frame.jpeg2000()),
    ),
    Case(
        "codestream.end-missing",
        file(J2K, frame.jpeg2000(end=b"")),
        file(J2K, frame.jpeg2000()),
    ),
    Case(
        "codestream.trailing",
        file(dicom.JPEG, frame.jpeg(end=b"\xff\xd9secret")),
        file(dicom.JPEG, frame.jpeg(end=b"\xff\xd9\xff")),
    ),
    Case(
        "codestream.trailing",
        file(J2K, frame.jpeg2000(end=b"\xff\xd9secret")),
        file(J2K, frame.jpeg2000(end=b"\xff\xd9" + bytes(6))),
        "JPEG 2000",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.id}".rstrip())
def test_one_defect_of_a_codestream_gives_one_finding_and_its_valid_twin_none(case: Case) -> None:
    assert pixel_codes(case.valid) == []

    [finding] = pixel_findings(case.defective)

    assert finding.code == case.code
    assert finding.severity is RULES[case.code].severity
    assert finding.path is not None
    assert finding.path.startswith("(7FE0,0010)[")


def test_the_cases_are_of_rules_of_codestreams_and_these_are_explained() -> None:
    rules = {code: rule for code, rule in RULES.items() if rule.layer == "codestream"}

    assert {case.code for case in CASES} <= set(rules)  # the others: codestream_defects.py
    assert all(rule.why and rule.fix for rule in rules.values())


def test_the_finding_names_the_frame() -> None:
    [finding] = pixel_findings(
        file(JPEG_LS, frame.jpeg_ls(), frame.jpeg_ls(), frame.jpeg_ls(rows=3))
    )

    assert finding.severity is Severity.ERROR
    assert finding.path == "(7FE0,0010)[3]"
    assert (finding.expected, finding.found) == ("4 x 6", "3 x 6 in frame 2")


def test_a_thousand_defective_frames_are_one_finding() -> None:
    for defective in (frame.jpeg2000(rows=5), frame.jpeg2000(end=b"")):
        [finding] = pixel_findings(file(J2K, *[defective] * 1000))

        assert finding.count == 1000


@pytest.mark.parametrize("size", [1, 3, 7, 20, 64])
def test_a_header_may_be_in_many_fragments(size: int) -> None:
    for syntax, codestream in ((dicom.JPEG, frame.jpeg()), (J2K, frame.jpeg2000())):
        pieces = [codestream[at : at + size] for at in range(0, len(codestream), size)]
        dataset = dicom.encapsulated_ct(dicom.fragments(*pieces))
        dataset[0x00282110] = ("CS", b"01")

        assert pixel_codes(dicom.part10(dataset, syntax)) == []


def test_every_frame_of_an_offset_table_is_examined() -> None:
    first, second = frame.jpeg(), frame.jpeg(rows=5)
    pieces = [first[:20], first[20:], second[:20], second[20:]]
    table = (0, 16 + len(first))
    dataset = dicom.encapsulated_ct(dicom.fragments(*pieces, offset_table=table), 2)
    dataset |= {0x00080016: MULTI_FRAME, 0x00282110: ("CS", b"01")}

    [finding] = pixel_findings(dicom.part10(dataset, dicom.JPEG))

    assert (finding.code, finding.path) == ("codestream.dimensions", "(7FE0,0010)[3]")


@pytest.mark.parametrize(
    ("syntax", "start"),
    [
        (dicom.MPEG, b"\0\0\1\xba\x44\0"),
        (dicom.MPEG, (b"G" + bytes(187)) * 5),
        (H264, (b"\1\2\3\4G" + bytes(187)) * 5),
        (H264, H264_STREAM),
        (H264, b"\0\0\0\1\x09\xf0" + bytes(10)),
        (H265, b"\0\0\0\1\x46\1\x10\0" + bytes(8)),
    ],
    ids=["program stream", "transport stream", "time stamps", "H.264", "AUD", "H.265"],
)
def test_videos_may_be_in_a_container(syntax: str, start: bytes) -> None:
    assert pixel_codes(file(syntax, start + bytes(20 + len(start) % 2))) == []


def test_a_high_throughput_codestream_of_another_encoder_is_known() -> None:
    # Made with OpenJPH: 4 x 6 pixels of 16 bits, up to the first tile-part.
    codestream = bytes.fromhex(
        "ff4fff5100294000000000060000000400000000000000000000000600000004000000000000000000010f0101"
        "ff50000800020000000aff52000c00020001000504044001ff5c00132088909090909090909090909090888888"
        "ff90000a0000000000100001ff930102ffd900"
    )
    bits = {"x00280100": dicom.us(16), "x00280101": dicom.us(16), "x00280102": dicom.us(15)}

    assert pixel_codes(file(HTJ2K_LOSSLESS, codestream, **bits)) == []
    assert pixel_codes(file(J2K_LOSSLESS, codestream, **bits)) == ["codestream.kind"]
