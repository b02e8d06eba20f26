"""Defects of compressed images: fragments, offset tables, headers of codestreams, decoding."""

from collections.abc import Iterator
from dataclasses import replace

from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom
from unit.engine.clean import compressed, images
from unit.engine.clean.codestreams import (
    HIGH_THROUGHPUT,
    JPEG_2000,
    JPEG_COLOUR,
    JPEG_GREY,
    JPEG_LOSSLESS,
    JPEG_LS,
    rle,
)
from unit.engine.clean.notation import Fragments, Raw
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
    other = Fragments((HIGH_THROUGHPUT.replace(_ORDER + b"\2", _ORDER + b"\0"),))
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
    xl = compressed.jpeg_xl()
    loop = compressed.rle_multiframe()
    yield Defect("decoding.unavailable", loop, xl, _PIXELS, profile=_DECODE)
    high = b"\xff\xff" * 24
    yield put("decoding.value-range", images.ct(), _PIXELS, high, profile=_DECODE)


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
