"""Defects of small files: pixel data and its encapsulation, byte by byte."""

from collections.abc import Iterator

from unit.engine import dicom_writer as dicom
from unit.engine.defects.defect import Defect
from unit.engine.defects.small_files import FRAME, JPEG_CT, changed, extended, jpeg, small


def cases() -> Iterator[Defect]:
    """All of them."""
    yield from _pixel_cases()
    yield from _encapsulation_cases()


def _pixel_cases() -> Iterator[Defect]:
    yield small("pixel.data-missing", dicom.part10(changed(x7FE00010=None)), at="(7FE0,0010)")
    for tag, path in (
        ("x00280002", "(0028,0002)"),
        ("x00280010", "(0028,0010)"),
        ("x00280011", "(0028,0011)"),
        ("x00280100", "(0028,0100)"),
    ):
        absent = dicom.part10(changed(**{tag: None}))
        yield small("pixel.attribute-missing", absent, at=path, note=f"{tag} absent")
        empty = dicom.part10(changed(**{tag: b""}))
        yield small("pixel.attribute-missing", empty, at=path, note=f"{tag} empty")
        zero = dicom.part10(changed(**{tag: dicom.us(0)}))
        yield small("pixel.attribute-invalid", zero, at=path, note=f"{tag} zero")
    one_frame = dicom.ct() | {0x00280008: ("IS", b"1 ")}
    for value in (b"0 ", b"1A", b"", b"-1"):
        yield small(
            "pixel.frame-count-invalid",
            dicom.part10(one_frame | {0x00280008: ("IS", value)}),
            dicom.part10(one_frame),
            at="(0028,0008)",
            note=repr(value),
        )
    yield small("pixel.length-short", dicom.part10(changed(x7FE00010=bytes(46))), at="(7FE0,0010)")
    yield small("pixel.length-long", dicom.part10(changed(x7FE00010=bytes(50))), at="(7FE0,0010)")
    yield small(
        "pixel.native-unexpected",
        dicom.part10(dicom.ct(), dicom.JPEG),
        JPEG_CT,
        at="(7FE0,0010)",
    )
    yield small(
        "pixel.encapsulated-unexpected",
        dicom.part10(dicom.encapsulated_ct(dicom.fragments(FRAME))),
        JPEG_CT,
        at="(7FE0,0010)",
    )


def _encapsulation_cases() -> Iterator[Defect]:
    without_table = dicom.encapsulated_ct(dicom.SEQUENCE_END)
    yield small(
        "pixel.offset-table-missing",
        dicom.part10(without_table, dicom.JPEG),
        JPEG_CT,
        at="(7FE0,0010)",
    )
    valid = jpeg(FRAME, FRAME, frames=2, table=(0, 16))
    for table in ((0,), (0, 8), (0, 0), (16, 0), (0, 16, 32), (0, 32)):
        yield small(
            "pixel.offset-table-wrong",
            jpeg(FRAME, FRAME, frames=2, table=table),
            valid,
            at="(7FE0,0010)[0]",
            note=str(table),
        )
    for offsets, lengths in (((0, 8), (8, 7)), ((0,), (8, 7)), ((0, 16), (8,)), ((0, 16), (8, 6))):
        yield small(
            "pixel.extended-offset-table-wrong",
            extended(offsets, lengths),
            extended((0, 16), (8, 7)),
            note=f"{offsets} {lengths}",
        )
    yield small("pixel.frames-missing", jpeg(FRAME, frames=2), JPEG_CT, at="(7FE0,0010)")
    yield small(
        "pixel.frames-missing",
        jpeg(FRAME, b"\1\2", b"\3\4", b"\5\6", frames=3),
        jpeg(FRAME, b"\1\2", FRAME, FRAME, frames=3),
        at="(7FE0,0010)",
        note="fewer codestreams than frames",
    )
    yield small("pixel.frames-extra", jpeg(FRAME, FRAME), JPEG_CT, at="(7FE0,0010)")
    yield small(
        "pixel.frames-extra",
        dicom.part10(dicom.encapsulated_ct(dicom.fragments(b"\1\2", b"\3\4")), dicom.RLE),
        dicom.part10(dicom.encapsulated_ct(dicom.fragments(b"\1\2\3\4")), dicom.RLE),
        at="(7FE0,0010)",
        note="RLE frames have one fragment each",
    )
    yield small(
        "pixel.frames-undecidable",
        jpeg(b"\1\2", b"\3\4", b"\5\6", frames=2),
        jpeg(b"\1\2", b"\3\4", b"\5\6", frames=2, table=(0, 10)),
        at="(7FE0,0010)",
    )
