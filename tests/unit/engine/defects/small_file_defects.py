"""Defects of small files: file format, required elements and UIDs, byte by byte."""

from collections.abc import Iterator
from struct import pack

from unit.engine import dicom_writer as dicom
from unit.engine.defects.defect import Defect
from unit.engine.defects.small_files import (
    CT,
    REFERENCE,
    changed,
    small,
    with_element,
    with_meta,
    with_sequence,
)


def cases() -> Iterator[Defect]:
    """All of them."""
    yield from _file_cases()
    yield from _meta_cases()
    yield from _element_cases()
    yield from _uid_cases()


def _file_cases() -> Iterator[Defect]:
    yield small("file.empty", b"")
    yield small("file.not-dicom", b"Dear colleague, please find the images below.\n" * 9)
    yield small("file.not-dicom", bytes(range(256)) * 4, note="unknown bytes")
    yield small("file.not-dicom", b"\x89PNG\r\n\x1a\n" + bytes(500), note="another format")
    yield small("file.no-preamble", CT[132:])
    yield small("file.no-preamble", CT[:128] + b"\0\0\0\0" + CT[132:], note="prefix overwritten")
    for syntax in (dicom.EXPLICIT, dicom.IMPLICIT, dicom.BIG_ENDIAN):
        yield small("file.no-preamble", dicom.encode(dicom.ct(), syntax), note=f"bare {syntax}")
    for magic in (b"MZ\x90\0", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"#!/bin/sh\n"):
        yield small(
            "file.executable-preamble",
            dicom.part10(dicom.ct(), preamble=magic.ljust(128, b"\0")),
            dicom.part10(dicom.ct(), preamble=b"II*\0".ljust(128, b"\0")),
            note=repr(magic),
        )
    directory = dicom.meta(sop_class=dicom.uid("1.2.840.10008.1.3.10"))
    yield small(
        "file.media-directory",
        dicom.part10(
            dicom.element(0x00041220, "SQ", b""),
            group_2=dicom.with_length(dicom.encode(directory)),
        ),
    )


def _meta_cases() -> Iterator[Defect]:
    group_2 = dicom.meta()
    yield small(
        "meta.encoding",
        dicom.part10(
            dicom.ct(),
            group_2=dicom.element(
                0x00020000,
                "UL",
                pack("<I", len(dicom.encode(group_2, dicom.IMPLICIT))),
                dicom.IMPLICIT,
            )
            + dicom.encode(group_2, dicom.IMPLICIT),
        ),
    )
    yield small(
        "meta.group-length-missing", dicom.part10(dicom.ct(), group_2=dicom.encode(group_2))
    )
    yield small(
        "meta.group-length-wrong",
        dicom.part10(dicom.ct(), group_2=dicom.with_length(dicom.encode(group_2), 12)),
        at="(0002,0000)",
    )
    for value in (None, b"", b"\0\0"):
        yield small(
            "meta.transfer-syntax-missing",
            with_meta(transfer_syntax=value),
            at="(0002,0010)",
            note=repr(value),
        )
    for name, path in (
        ("version", "(0002,0001)"),
        ("sop_class", "(0002,0002)"),
        ("sop_instance", "(0002,0003)"),
        ("implementation", "(0002,0012)"),
    ):
        yield small("meta.element-missing", with_meta(**{name: None}), at=path, note=name)
        yield small("meta.element-missing", with_meta(**{name: b""}), at=path, note=f"{name} empty")
    yield small(
        "meta.transfer-syntax-unknown",
        with_meta(transfer_syntax=dicom.uid("1.2.840.10008.1.2.999")),
    )
    for declared, actual in (
        (dicom.EXPLICIT, dicom.IMPLICIT),
        (dicom.EXPLICIT, dicom.BIG_ENDIAN),
        (dicom.EXPLICIT, dicom.DEFLATED),
        (dicom.IMPLICIT, dicom.EXPLICIT),
        (dicom.IMPLICIT, dicom.BIG_ENDIAN),
        (dicom.BIG_ENDIAN, dicom.EXPLICIT),
        (dicom.DEFLATED, dicom.EXPLICIT),
    ):
        yield small(
            "meta.transfer-syntax-mismatch",
            dicom.part10(
                dicom.ct(),
                actual,
                group_2=dicom.with_length(
                    dicom.encode(dicom.meta(transfer_syntax=dicom.uid(declared)))
                ),
            ),
            dicom.part10(dicom.ct(), actual),
            note=f"{actual} declared as {declared}",
        )
    other = dicom.uid("1.2.840.10008.5.1.4.1.1.4")
    yield small("meta.sop-class-mismatch", with_meta(sop_class=other), at="(0002,0002)")
    yield small("meta.sop-instance-mismatch", with_meta(sop_instance=other), at="(0002,0003)")


def _element_cases() -> Iterator[Defect]:
    for tag, path in (
        ("x00080016", "(0008,0016)"),
        ("x00080018", "(0008,0018)"),
        ("x0020000D", "(0020,000D)"),
        ("x0020000E", "(0020,000E)"),
    ):
        yield small("element.missing", dicom.part10(changed(**{tag: None})), at=path, note=tag)
        for value in (b"", b"  ", b"\0\0"):
            yield small(
                "element.empty",
                dicom.part10(changed(**{tag: value})),
                dicom.part10(changed(x00100010=value)),
                at=path,
                note=f"{tag} {value!r}",
            )
    for value in (b"", b"  ", b"\0\0"):
        without = dicom.part10(changed(x00100020=value))
        yield small("element.patient-id-empty", without, at="(0010,0020)", note=f"{value!r}")


def _uid_cases() -> Iterator[Defect]:
    yield small(
        "uid.leading-zero",
        dicom.part10(changed(x0020000D=dicom.uid("1.2.03"))),
        dicom.part10(changed(x0020000D=dicom.uid("1.2.0.3"))),
        at="(0020,000D)",
    )
    malformed = ("1..2", ".1.2", "1.2.", "1.2.x", "1.2 .3", "1" * 65, "1.2\\1.3", "-1.2", "1.02.x")
    for text in malformed:
        yield small(
            "uid.malformed",
            dicom.part10(changed(x0020000D=dicom.uid(text))),
            dicom.part10(changed(x0020000D=dicom.uid("1.0.30" + ".1" * 29))),
            at="(0020,000D)",
            note=text,
        )
    yield small(
        "uid.malformed-elsewhere",
        with_sequence(
            dicom.item(dicom.element(0x00081155, "UI", dicom.uid("1.2.03")))
            + dicom.item(dicom.element(0x00081155, "UI", dicom.uid("1.2.04")))
        ),
        with_sequence(dicom.item(REFERENCE)),
        at="(0008,1140)[0]>(0008,1155)",
        count=2,
        note="nested",
    )
    yield small(
        "uid.malformed-elsewhere",
        with_element(dicom.element(0x0008001A, "UI", b"1.2.3\\1.02.3\\1.2"), 0x0008001A),
        with_element(dicom.element(0x0008001A, "UI", b"1.2.3\\1.20.3\\1.2"), 0x0008001A),
        at="(0008,001A)",
        note="one of many values",
    )
    for padding in (b" ", b"\0\0", b"\0 "):
        value = b"1.2.3" + (b".4" if len(padding) == 1 else b"4") + padding
        yield small(
            "uid.padding",
            dicom.part10(changed(x0020000D=value)),
            dicom.part10(changed(x0020000D=b"1.2.3\0")),
            at="(0020,000D)",
            note=repr(padding),
        )
