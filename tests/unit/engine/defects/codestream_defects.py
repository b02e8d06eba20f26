"""Defects of compressed images: fragments, offset tables, headers of codestreams, decoding."""

from collections.abc import Iterator
from dataclasses import replace

from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom
from unit.engine.clean import compressed, images
from unit.engine.clean.codestreams import (
    H264,
    H265,
    HIGH_THROUGHPUT,
    JPEG_2000,
    JPEG_COLOUR,
    JPEG_GREY,
    JPEG_LOSSLESS,
    JPEG_LS,
    MPEG_2,
    mp4,
    program_stream,
    rle,
    transport_stream,
)
from unit.engine.clean.notation import File, Fragments, Raw
from unit.engine.defects.defect import Defect, put

_DECODE = Profile(decode="all")
_PIXELS = "PixelData"
_FIRST = "PixelData[1]"
_SCAN = b"\0\x08\1\1\0"
"""Of a scan of one component; the predictor or the greatest difference follows."""
_ORDER = b"\xff\x52\0\x0c\0"
_JPEG_2000 = "1.2.840.10008.1.2.4.90"


def cases() -> Iterator[Defect]:
    """Defects of encapsulated pixel data."""
    yield from _encapsulation()
    yield from _sizes()
    yield from _kinds()
    yield from _ends()
    yield from _decoding()
    yield from _high_throughput()
    yield from _video()
    yield from _containers()


def _encapsulation() -> Iterator[Defect]:
    jpeg, grey = compressed.jpeg_multiframe(), compressed.rle_multiframe()
    frames = jpeg.get(_PIXELS)
    size = 8 + len(JPEG_GREY)
    table = "PixelData[0]"
    for offsets in (
        (0, size, size),
        (0, size + 2, 2 * size),
        (0, size),
        (8, 8 + size, 8 + 2 * size),
    ):
        wrong = replace(frames, offset_table=offsets)
        yield put("pixel.offset-table-wrong", jpeg, _PIXELS, wrong, at=table, note=str(offsets))
    rle_frames = grey.get(_PIXELS)
    shifted = tuple(offset + 1 for offset in rle_frames.offset_table)
    wrong = replace(rle_frames, offset_table=shifted)
    yield put("pixel.offset-table-wrong", grey, _PIXELS, wrong, at=table)
    few = Fragments(frames.contents[:2])
    yield put("pixel.frames-missing", jpeg, _PIXELS, few)
    many = Fragments((*rle_frames.contents, rle(bytes(64))))
    yield put("pixel.frames-extra", grey, _PIXELS, many)
    first, *others = rle_frames.contents
    parts = Fragments((first[:80], first[80:], *others))
    yield put("pixel.frame-fragmented", grey, _PIXELS, parts)
    without = Raw(dicom.element(0x7FE00010, "OB", dicom.SEQUENCE_END, length=dicom.UNDEFINED))
    yield put("pixel.offset-table-missing", compressed.jpeg_ls(), _PIXELS, without)
    # Four fragments of three frames, none of which begins with a marker.
    split = Fragments((b"\1\2",) * 4)
    yield put("pixel.frames-undecidable", jpeg, _PIXELS, split)
    starts = (0, size, 2 * size)
    extended = jpeg.put(_PIXELS, Fragments(frames.contents))
    extended = extended.put("ExtendedOffsetTable", starts)
    extended = extended.put("ExtendedOffsetTableLengths", (len(JPEG_GREY),) * 3)
    extended_table = ("pixel.extended-offset-table-wrong", extended)
    overlapping, cut = (0, size, size), (8, 8, 8)
    yield put(*extended_table, "ExtendedOffsetTable", overlapping, at=None, note="offsets")
    yield put(*extended_table, "ExtendedOffsetTableLengths", cut, at=None, note="lengths")
    yield put("pixel.offset-tables-both", extended, _PIXELS, frames, at=table)
    native = replace(images.ct(), syntax=_JPEG_2000)
    yield Defect("pixel.native-unexpected", compressed.jpeg_2000(), native, _PIXELS)
    bare = replace(compressed.jpeg_ls(), syntax=dicom.EXPLICIT)
    yield Defect("pixel.encapsulated-unexpected", compressed.jpeg_ls(), bare, _PIXELS)


def _sizes() -> Iterator[Defect]:
    for base in (
        compressed.jpeg_colour(),
        compressed.jpeg_lossless(),
        compressed.jpeg_ls(),
        compressed.jpeg_2000(),
        compressed.high_throughput(),
        compressed.jpeg_xl(),
    ):
        yield put("codestream.dimensions", base, "Rows", 9, at=_FIRST, note=base.syntax)
    yield put(
        "codestream.precision",
        compressed.jpeg_lossless(),
        "BitsAllocated",
        8,
        at=_FIRST,
        along=("iod.value-not-allowed", "pixel.bits-stored"),
    )
    shifted = ("pixel.high-bit",)
    yield put(
        "codestream.bits-stored", compressed.jpeg_ls(), "BitsStored", 13, at=_FIRST, along=shifted
    )
    yield put("codestream.sign", compressed.jpeg_2000(), "PixelRepresentation", 1, at=_FIRST)
    two = Fragments((rle(bytes(64), bytes(64)),))
    yield put("codestream.segments", compressed.rle_colour(), _PIXELS, two, at=_FIRST)
    grey = Fragments((JPEG_GREY,))
    yield put("codestream.components", compressed.jpeg_colour(), _PIXELS, grey, at=_FIRST)


def _kinds() -> Iterator[Defect]:
    jpeg, lossless = compressed.jpeg_colour(), compressed.jpeg_lossless()
    later = compressed.jpeg_multiframe()
    frames = later.get(_PIXELS).contents
    ct = Fragments((JPEG_2000,))
    yield put("codestream.kind", compressed.jpeg_ls(), _PIXELS, ct, at=_FIRST)
    yield put(
        "codestream.kind", later, _PIXELS, Fragments((*frames[:2], JPEG_LS)), at="PixelData[3]"
    )
    renamed = replace(lossless, syntax=dicom.JPEG)
    yield Defect("codestream.process", lossless, renamed, _FIRST)
    promised = replace(jpeg, syntax="1.2.840.10008.1.2.4.70")
    yield Defect("codestream.process", jpeg, promised, _FIRST)
    undeclared = ("LossyImageCompressionRatio", "LossyImageCompressionMethod")
    quiet = jpeg.put("LossyImageCompression", "00").without(*undeclared)
    yield Defect("codestream.lossy-undeclared", jpeg, quiet, _FIRST)
    yield put("codestream.colour", jpeg, "PhotometricInterpretation", "RGB", at=_FIRST)
    other = Fragments((JPEG_LOSSLESS.replace(_SCAN + b"\1", _SCAN + b"\4"),))
    yield put("codestream.process", lossless, _PIXELS, other, at=_FIRST, note="predictor 4")
    near = Fragments((JPEG_LS.replace(b"\xff\xda" + _SCAN + b"\0", b"\xff\xda" + _SCAN + b"\2"),))
    yield put("codestream.not-lossless", compressed.jpeg_ls(), _PIXELS, near, at=_FIRST)
    in_order = compressed.high_throughput_in_order()
    [frame] = in_order.get(_PIXELS).contents
    other = Fragments((frame.replace(_ORDER + b"\2", _ORDER + b"\0"),))
    yield put("codestream.progression", in_order, _PIXELS, other, at=_FIRST)
    short = Fragments((bytes(126),))
    yield put("codestream.length", compressed.encapsulated_native(), _PIXELS, short, at=_FIRST)
    unlisted = ("iod.value-not-allowed",)
    photometric = "PhotometricInterpretation"
    yield put("pixel.photometric-jpeg", jpeg, photometric, "YBR_FULL", along=unlisted)
    part = Fragments((*frames[:2], JPEG_GREY.replace(_SCAN + b"\0\x3f", _SCAN + b"\0\x05")))
    yield put("codestream.scan", later, _PIXELS, part, at="PixelData[3]")
    box = Fragments((_jp2(JPEG_2000),))
    yield put("codestream.wrapped", compressed.jpeg_2000(), _PIXELS, box, at=_FIRST)


def _ends() -> Iterator[Defect]:
    for base, frame in (
        (compressed.jpeg_colour(), JPEG_COLOUR),
        (compressed.jpeg_lossless(), JPEG_LOSSLESS),
        (compressed.jpeg_ls(), JPEG_LS),
    ):
        yield put(
            "codestream.truncated",
            base,
            _PIXELS,
            Fragments((frame[:-20],)),
            at=_FIRST,
            note=base.syntax,
        )
        nothing = Fragments((bytes(200),))
        yield put("codestream.invalid", base, _PIXELS, nothing, at=_FIRST, note=base.syntax)
    for base, frame in (
        (compressed.jpeg_2000(), JPEG_2000),
        (compressed.high_throughput(), HIGH_THROUGHPUT),
    ):
        yield put(
            "codestream.truncated",
            base,
            _PIXELS,
            Fragments((frame[:-60],)),
            at=_FIRST,
            note=base.syntax,
        )
        yield put(
            "codestream.end-missing",
            base,
            _PIXELS,
            Fragments((frame[:-2],)),
            at=_FIRST,
            note=base.syntax,
        )
    hidden = Fragments((JPEG_GREY + b"hidden message here.",) * 3)
    yield put(
        "codestream.trailing", compressed.jpeg_multiframe(), _PIXELS, hidden, at=_FIRST, count=3
    )


def _decoding() -> Iterator[Defect]:
    damaged = bytearray(JPEG_LS)
    damaged[40:60] = b"\xff\x7f" * 10
    yield put(
        "decoding.failed",
        compressed.jpeg_ls(),
        _PIXELS,
        Fragments((bytes(damaged),)),
        at=_FIRST,
        profile=_DECODE,
    )
    cut = Fragments((rle(bytes(40)), rle(bytes(64)), rle(bytes(64))))
    yield put(
        "decoding.failed", compressed.rle_multiframe(), _PIXELS, cut, at=_FIRST, profile=_DECODE
    )
    short = Fragments((dicom.deflate(bytes(120)),))
    deflated = compressed.deflated_frame()
    yield put("decoding.shape", deflated, _PIXELS, short, at=_FIRST, profile=_DECODE)
    video = compressed.mpeg_2()
    yield Defect("decoding.unavailable", images.ct(), video, _PIXELS, profile=_DECODE)
    high = b"\xff\xff" * 24
    yield put("decoding.value-range", images.ct(), _PIXELS, high, profile=_DECODE)


def _high_throughput() -> Iterator[Defect]:
    in_order = compressed.high_throughput_in_order()
    unsized = Fragments((HIGH_THROUGHPUT,))
    yield put("codestream.thumbnail", in_order, _PIXELS, unsized, at=_FIRST, note="no TLM")
    base = compressed.high_throughput()
    ordinary = _capabilities(HIGH_THROUGHPUT, b"\0\0\0\0")
    yield put("codestream.capabilities", base, _PIXELS, ordinary, at=_FIRST, note="CAP")
    style = _ORDER + b"\2\0\1\0\5\4\4"
    assert style + b"\x40" in HIGH_THROUGHPUT
    plain = Fragments((HIGH_THROUGHPUT.replace(style + b"\x40", style + b"\0"),))
    yield put("codestream.capabilities", base, _PIXELS, plain, at=_FIRST, note="COD")


def _capabilities(codestream: bytes, parts: bytes) -> Fragments:
    start = codestream.index(b"\xff\x50\0\x08") + 4
    return Fragments((codestream[:start] + parts + codestream[start + 4 :],))


def _video() -> Iterator[Defect]:
    for base in (
        compressed.h264(),
        compressed.h264_in_mp4(),
        compressed.h265(),
        compressed.mpeg_2(),
    ):
        note = f"{base.syntax} {len(base.get(_PIXELS).contents[0])}"
        for name, value, code in (
            ("Rows", 50, "dimensions"),
            ("Columns", 32, "dimensions"),
            ("FrameTime", 33.3, "rate"),
            ("CineRate", 30, "rate"),
        ):
            yield put(f"codestream.{code}", base, name, value, at=_FIRST, note=f"{name} {note}")
        photometric = "PhotometricInterpretation"
        full = base.put(photometric, "YBR_FULL_422")
        yield Defect("codestream.sampling", base, full, _FIRST, note=note)
    mpeg_2 = compressed.mpeg_2()
    # The profile and level are in the sequence extension.
    high = MPEG_2.replace(b"\0\0\1\xb5\x14\x8a", b"\0\0\1\xb5\x14\x4a")
    yield _with("codestream.profile", mpeg_2, high, "high level under main level")
    professional = MPEG_2.replace(b"\0\0\1\xb5\x14\x8a", b"\0\0\1\xb5\x18\x5a")
    yield _with("codestream.profile", mpeg_2, professional, "4:2:2 profile")
    quicker = MPEG_2.replace(b"\x30\x23\xff\xff", b"\x30\x25\xff\xff")
    yield _with("codestream.rate", mpeg_2, quicker, "30 a second", count=2)
    h264, start = compressed.h264(), H264[:5]
    level = H264.replace(start + b"\x64\0\x0a", start + b"\x64\0\x33")
    yield _with("codestream.profile", h264, level, "level 5.1")
    colour = H264.replace(start + b"\x64\0\x0a", start + b"\x7a\0\x0a")
    yield _with("codestream.profile", h264, colour, "high 4:2:2 profile")
    h265 = compressed.h265()
    level = H265.replace(b"\x1e\xa0", b"\xb4\xa0")
    yield _with("codestream.profile", h265, level, "level 6")


def _containers() -> Iterator[Defect]:
    base = compressed.h264_in_mp4()
    yield put("codestream.frame-count", base, "NumberOfFrames", 3, at=_FIRST)
    yield _with("codestream.frame-count", base, mp4(frames=2), "two frames")
    yield _with("codestream.rate", base, mp4(ticks=20), "50 a second", count=2)
    for length in (len(mp4()) - 20, 100, 60):
        cut = mp4()[:length]
        yield _with("codestream.truncated", base, cut, f"MP4 of {length} bytes")
    for stream in (transport_stream(MPEG_2), program_stream(MPEG_2)):
        video = compressed.mpeg_2()
        inside = video.put(_PIXELS, Fragments((stream,)))
        yield put("codestream.dimensions", inside, "Rows", 50, at=_FIRST, note=f"{len(stream)}")


def _with(code: str, base: File, stream: bytes, note: str, count: int = 1) -> Defect:
    return put(code, base, _PIXELS, Fragments((stream,)), at=_FIRST, note=note, count=count)


def _jp2(codestream: bytes) -> bytes:
    def box(kind: bytes, content: bytes) -> bytes:
        return (8 + len(content)).to_bytes(4, "big") + kind + content

    header = box(b"ihdr", bytes.fromhex("00000008 00000008 0001 0b 07 00 00"))
    colour = box(b"colr", bytes.fromhex("01 00 00 00000011"))
    return (
        box(b"jP  ", b"\r\n\x87\n")
        + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
        + box(b"jp2h", header + colour)
        + box(b"jp2c", codestream)
    )
