"""Defects of small files: how elements are encoded, byte by byte."""

import gzip
import zlib
from collections.abc import Iterator

from engine.profiles.profile import Limits
from unit.engine import dicom_writer as dicom
from unit.engine.defects.defect import Defect
from unit.engine.defects.small_files import (
    CT,
    FRAME,
    JPEG_CT,
    PROFILE,
    REFERENCE,
    REFERENCED_IMAGES,
    changed,
    jpeg,
    nested,
    small,
    with_element,
    with_sequence,
)


def cases() -> Iterator[Defect]:
    """All of them."""
    yield from _structure_cases()
    yield from _deflate_cases()


def _structure_cases() -> Iterator[Defect]:
    yield small("structure.truncated", CT[:-10], at="(7FE0,0010)", note="in raw pixels")
    yield small("structure.truncated", CT[:-54], note="in a header")
    yield small("structure.truncated", CT[:400], at="(0008,0018)", note="early")
    yield small(
        "structure.truncated", JPEG_CT[:-12], JPEG_CT, at="(7FE0,0010)[1]", note="in a fragment"
    )
    valid = with_sequence(dicom.item(REFERENCE))
    yield small(
        "structure.overrun",
        with_sequence(dicom.item(REFERENCE, length=len(REFERENCE) - 2)),
        valid,
        at="(0008,1140)[0]>(0008,1155)",
        note="element beyond its item",
    )
    yield small(
        "structure.overrun",
        with_sequence(dicom.item(REFERENCE, length=len(REFERENCE) + 2)),
        valid,
        at="(0008,1140)[0]",
        note="item beyond its sequence",
    )
    undefined = dicom.UNDEFINED
    undefined_item = dicom.item(REFERENCE, length=undefined)
    valid = with_sequence(undefined_item + dicom.SEQUENCE_END, length=undefined)
    yield small(
        "structure.delimiter-missing",
        with_sequence(undefined_item[:-8] + dicom.SEQUENCE_END, length=undefined),
        valid,
        at="(0008,1140)[0]",
        note="of an item",
    )
    yield small(
        "structure.delimiter-missing",
        with_sequence(dicom.item(dicom.element(REFERENCED_IMAGES, "SQ", b"", length=undefined))),
        with_sequence(
            dicom.item(dicom.element(REFERENCED_IMAGES, "SQ", dicom.SEQUENCE_END, length=undefined))
        ),
        at="(0008,1140)[0]>(0008,1140)",
        note="of a sequence",
    )
    yield small(
        "structure.delimiter-missing", JPEG_CT[:-8], JPEG_CT, at="(7FE0,0010)", note="of fragments"
    )
    yield small(
        "structure.delimiter-unexpected",
        with_element(dicom.SEQUENCE_END, REFERENCED_IMAGES),
        note="in the data set",
    )
    yield small(
        "structure.delimiter-unexpected",
        with_sequence(dicom.item(REFERENCE + dicom.ITEM_END)),
        with_sequence(dicom.item(REFERENCE)),
        at="(0008,1140)[0]",
        note="in an item of known length",
    )
    yield small(
        "structure.delimiter-unexpected",
        with_sequence(dicom.item(REFERENCE) + dicom.SEQUENCE_END),
        with_sequence(dicom.item(REFERENCE)),
        at="(0008,1140)",
        note="in a sequence of known length",
    )
    yield small(
        "structure.delimiter-length",
        with_sequence(dicom.delimiter(0xE0DD, length=2), length=undefined),
        with_sequence(dicom.SEQUENCE_END, length=undefined),
        at="(0008,1140)",
    )
    yield small(
        "structure.item-expected",
        with_sequence(REFERENCE),
        with_sequence(dicom.item(REFERENCE)),
        at="(0008,1140)",
    )
    text = dicom.element(0x0040A160, "UT", b"text", length=undefined)
    yield small(
        "structure.length-undefined",
        with_sequence(dicom.item(text)),
        with_sequence(dicom.item(dicom.element(0x0040A160, "UT", b"text"))),
        at="(0008,1140)[0]>(0040,A160)",
    )
    yield small("structure.length-odd", dicom.part10(changed(x00100020=b"JD-42")), at="(0010,0020)")
    yield small("structure.length-odd", jpeg(FRAME + b"\0"), JPEG_CT, at="(7FE0,0010)[1]")
    for letters in (b"??", b"ZZ", b"\0\0", b"lo"):
        yield small(
            "structure.vr-invalid",
            with_element(dicom.element(0x00100020, "LO", b"JD", letters=letters), 0x00100020),
            at="(0010,0020)",
            note=repr(letters),
        )
    yield small(
        "structure.vr-invalid",
        with_element(dicom.element(0x00100020, "UT", b"JD", letters=b"XX"), 0x00100020),
        at="(0010,0020)",
        note="with a long length, as VRs to come will have",
    )
    yield small(
        "structure.vr-invalid",
        with_element(dicom.element(0x00100020, "LO", b"JD", dicom.IMPLICIT), 0x00100020),
        at="(0010,0020)",
        note="an implicit element among explicit ones",
    )
    late = dicom.element(0x00081030, "LO", b"Head")
    yield small(
        "structure.order",
        with_element(late, 0x00100011),
        with_element(late, 0x00081030),
        at="(0008,1030)",
    )
    yield small(
        "structure.duplicate",
        with_element(late + late, 0x00081030),
        with_element(late, 0x00081030),
        at="(0008,1030)",
        note="side by side",
    )
    yield small(
        "structure.depth",
        with_sequence(nested(PROFILE.limits.max_depth + 1)),
        with_sequence(nested(PROFILE.limits.max_depth)),
        at=">".join(["...", *["(0008,1140)[0]"] * 32, "(0008,1140)"]),
    )
    yield small(
        "structure.too-many-elements",
        CT,
        profile=PROFILE.changed(
            limits=Limits(max_elements=len(dicom.ct()) - 1), required_elements=()
        ),
    )
    yield small("structure.trailing-padding", CT + bytes(100))
    yield small("structure.trailing-padding", CT + bytes(3), note="shorter than a header")
    yield small("structure.trailing-bytes", CT + b"</html>\n\r\n")
    yield small("structure.trailing-bytes", CT + b"\n", note="shorter than a header")
    implicit = dicom.part10(dicom.ct(), dicom.IMPLICIT)
    yield small(
        "structure.trailing-bytes", implicit + b"</html>\n\r\n", implicit, note="in implicit VR"
    )


def _deflate_cases() -> Iterator[Defect]:
    valid = dicom.part10(dicom.ct(), dicom.DEFLATED)
    yield small("structure.deflate-corrupt", valid[:-20], valid, note="cut")
    start = len(valid) - len(dicom.deflate(dicom.encode(dicom.ct())))
    reserved = valid[:start] + b"\x07" + valid[start + 1 :]
    yield small("structure.deflate-corrupt", reserved, valid, note="a block of no known kind")
    yield small("structure.deflate-trailing", valid + bytes(8), valid)
    wrapped = zlib.compress(dicom.encode(dicom.ct()))
    yield small("structure.deflate-wrapped", valid[:start] + wrapped, valid, note="zlib")
    gzipped = gzip.compress(dicom.encode(dicom.ct()), mtime=0)
    yield small("structure.deflate-wrapped", valid[:start] + gzipped, valid, note="gzip")
    size = len(dicom.encode(dicom.ct()))
    yield small(
        "structure.deflate-too-large",
        valid,
        profile=PROFILE.changed(limits=Limits(max_inflated_bytes=size - 1), required_elements=()),
    )
