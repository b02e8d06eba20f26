"""Rules of files, encoding and pixels, byte by byte: one defect, one finding; its twin has none."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack

import pytest

from contracts.report import Outcome, Severity
from engine.examination import examine
from engine.profiles.profile import Limits, Profile
from engine.rules.catalogue import RULES
from unit.engine import dicom_writer as dicom

ASIDE = ["iod.*", "codestream.*", "value.*", "multiframe.*", "meta.transfer-syntax-retired"]
"""What these small files can't but break too: they are no whole instances, and have no real frames;
test_validator_defects.py has such."""
PROFILE = Profile.model_validate({"severities": [{"code": ASIDE, "severity": "mute"}]})
CT = dicom.part10(dicom.ct())
FRAME = b"\xff\xd8\xff\xe0\0\x10\xff\xd9"
JPEG_CT = dicom.part10(dicom.encapsulated_ct(dicom.fragments(FRAME)), dicom.JPEG)
REFERENCED_IMAGES = 0x00081140


@dataclass(frozen=True)
class Case:
    """A defect and the file that lacks it."""

    code: str
    defective: bytes
    valid: bytes = CT
    profile: Profile = PROFILE
    path: str | None = None
    count: int = 1
    id: str = ""


def changed(**values: bytes | None) -> dicom.DataSet:
    """The CT image with other values; None takes an element out."""
    dataset = dicom.ct()
    for name, value in values.items():
        tag = int(name.removeprefix("x"), 16)
        vr, _ = dataset.get(tag, ("UI", b""))
        if value is None:
            del dataset[tag]
        else:
            dataset[tag] = (vr, value)
    return dataset


def with_sequence(value: bytes, *, length: int | None = None) -> bytes:
    """The CT image with a sequence."""
    sequence = dicom.element(REFERENCED_IMAGES, "SQ", value, length=length)
    return with_element(sequence, REFERENCED_IMAGES)


def with_element(encoded: bytes, tag: int) -> bytes:
    """The CT image with some more bytes where an element with that tag belongs."""
    before = dicom.encode({t: e for t, e in dicom.ct().items() if t < tag})
    after = dicom.encode({t: e for t, e in dicom.ct().items() if t > tag})
    return dicom.part10(before + encoded + after)


def with_meta(**changes: bytes | None) -> bytes:
    group_2 = dicom.with_length(dicom.encode(dicom.meta(**changes)))
    return dicom.part10(dicom.ct(), group_2=group_2)


def nested(depth: int) -> bytes:
    """Sequences in sequences, all of known length."""
    value = b""
    for _ in range(depth - 1):
        value = dicom.item(dicom.element(REFERENCED_IMAGES, "SQ", value))
    return value


def jpeg(*contents: bytes, frames: int | None = None, table: tuple[int, ...] = ()) -> bytes:
    value = dicom.fragments(*contents, offset_table=table)
    return dicom.part10(dicom.encapsulated_ct(value, frames), dicom.JPEG)


REFERENCE = dicom.element(0x00081155, "UI", dicom.uid("1.2.3"))


def file_cases() -> Iterator[Case]:
    yield Case("file.empty", b"")
    yield Case("file.not-dicom", b"Dear colleague, please find the images below.\n" * 9)
    yield Case("file.not-dicom", bytes(range(256)) * 4, id="unknown bytes")
    yield Case("file.not-dicom", b"\x89PNG\r\n\x1a\n" + bytes(500), id="another format")
    yield Case("file.no-preamble", CT[132:])
    yield Case("file.no-preamble", CT[:128] + b"\0\0\0\0" + CT[132:], id="prefix overwritten")
    for syntax in (dicom.EXPLICIT, dicom.IMPLICIT, dicom.BIG_ENDIAN):
        yield Case("file.no-preamble", dicom.encode(dicom.ct(), syntax), id=f"bare {syntax}")
    for magic in (b"MZ\x90\0", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"#!/bin/sh\n"):
        yield Case(
            "file.executable-preamble",
            dicom.part10(dicom.ct(), preamble=magic.ljust(128, b"\0")),
            dicom.part10(dicom.ct(), preamble=b"II*\0".ljust(128, b"\0")),
            id=repr(magic),
        )
    directory = dicom.meta(sop_class=dicom.uid("1.2.840.10008.1.3.10"))
    yield Case(
        "file.media-directory",
        dicom.part10(
            dicom.element(0x00041220, "SQ", b""),
            group_2=dicom.with_length(dicom.encode(directory)),
        ),
    )


def meta_cases() -> Iterator[Case]:
    group_2 = dicom.meta()
    yield Case(
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
    yield Case("meta.group-length-missing", dicom.part10(dicom.ct(), group_2=dicom.encode(group_2)))
    yield Case(
        "meta.group-length-wrong",
        dicom.part10(dicom.ct(), group_2=dicom.with_length(dicom.encode(group_2), 12)),
        path="(0002,0000)",
    )
    for value in (None, b"", b"\0\0"):
        yield Case(
            "meta.transfer-syntax-missing",
            with_meta(transfer_syntax=value),
            path="(0002,0010)",
            id=repr(value),
        )
    for name, path in (
        ("version", "(0002,0001)"),
        ("sop_class", "(0002,0002)"),
        ("sop_instance", "(0002,0003)"),
        ("implementation", "(0002,0012)"),
    ):
        yield Case("meta.element-missing", with_meta(**{name: None}), path=path, id=name)
        yield Case("meta.element-missing", with_meta(**{name: b""}), path=path, id=f"{name} empty")
    yield Case(
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
        yield Case(
            "meta.transfer-syntax-mismatch",
            dicom.part10(
                dicom.ct(),
                actual,
                group_2=dicom.with_length(
                    dicom.encode(dicom.meta(transfer_syntax=dicom.uid(declared)))
                ),
            ),
            dicom.part10(dicom.ct(), actual),
            id=f"{actual} declared as {declared}",
        )
    other = dicom.uid("1.2.840.10008.5.1.4.1.1.4")
    yield Case("meta.sop-class-mismatch", with_meta(sop_class=other), path="(0002,0002)")
    yield Case("meta.sop-instance-mismatch", with_meta(sop_instance=other), path="(0002,0003)")


def structure_cases() -> Iterator[Case]:
    yield Case("structure.truncated", CT[:-10], path="(7FE0,0010)", id="in raw pixels")
    yield Case("structure.truncated", CT[:-54], id="in a header")
    yield Case("structure.truncated", CT[:400], path="(0008,0018)", id="early")
    yield Case(
        "structure.truncated", JPEG_CT[:-12], JPEG_CT, path="(7FE0,0010)[1]", id="in a fragment"
    )
    valid = with_sequence(dicom.item(REFERENCE))
    yield Case(
        "structure.overrun",
        with_sequence(dicom.item(REFERENCE, length=len(REFERENCE) - 2)),
        valid,
        path="(0008,1140)[0]>(0008,1155)",
        id="element beyond its item",
    )
    yield Case(
        "structure.overrun",
        with_sequence(dicom.item(REFERENCE, length=len(REFERENCE) + 2)),
        valid,
        path="(0008,1140)[0]",
        id="item beyond its sequence",
    )
    undefined = dicom.UNDEFINED
    undefined_item = dicom.item(REFERENCE, length=undefined)
    valid = with_sequence(undefined_item + dicom.SEQUENCE_END, length=undefined)
    yield Case(
        "structure.delimiter-missing",
        with_sequence(undefined_item[:-8] + dicom.SEQUENCE_END, length=undefined),
        valid,
        path="(0008,1140)[0]",
        id="of an item",
    )
    yield Case(
        "structure.delimiter-missing",
        with_sequence(dicom.item(dicom.element(REFERENCED_IMAGES, "SQ", b"", length=undefined))),
        with_sequence(
            dicom.item(dicom.element(REFERENCED_IMAGES, "SQ", dicom.SEQUENCE_END, length=undefined))
        ),
        path="(0008,1140)[0]>(0008,1140)",
        id="of a sequence",
    )
    yield Case(
        "structure.delimiter-missing", JPEG_CT[:-8], JPEG_CT, path="(7FE0,0010)", id="of fragments"
    )
    yield Case(
        "structure.delimiter-unexpected",
        with_element(dicom.SEQUENCE_END, REFERENCED_IMAGES),
        id="in the data set",
    )
    yield Case(
        "structure.delimiter-unexpected",
        with_sequence(dicom.item(REFERENCE + dicom.ITEM_END)),
        with_sequence(dicom.item(REFERENCE)),
        path="(0008,1140)[0]",
        id="in an item of known length",
    )
    yield Case(
        "structure.delimiter-unexpected",
        with_sequence(dicom.item(REFERENCE) + dicom.SEQUENCE_END),
        with_sequence(dicom.item(REFERENCE)),
        path="(0008,1140)",
        id="in a sequence of known length",
    )
    yield Case(
        "structure.delimiter-length",
        with_sequence(dicom.delimiter(0xE0DD, length=2), length=undefined),
        with_sequence(dicom.SEQUENCE_END, length=undefined),
        path="(0008,1140)",
    )
    yield Case(
        "structure.item-expected",
        with_sequence(REFERENCE),
        with_sequence(dicom.item(REFERENCE)),
        path="(0008,1140)",
    )
    text = dicom.element(0x0040A160, "UT", b"text", length=undefined)
    yield Case(
        "structure.length-undefined",
        with_sequence(dicom.item(text)),
        with_sequence(dicom.item(dicom.element(0x0040A160, "UT", b"text"))),
        path="(0008,1140)[0]>(0040,A160)",
    )
    yield Case(
        "structure.length-odd", dicom.part10(changed(x00100020=b"JD-42")), path="(0010,0020)"
    )
    yield Case("structure.length-odd", jpeg(FRAME + b"\0"), JPEG_CT, path="(7FE0,0010)[1]")
    for letters in (b"??", b"ZZ", b"\0\0", b"lo"):
        yield Case(
            "structure.vr-invalid",
            with_element(dicom.element(0x00100020, "LO", b"JD", letters=letters), 0x00100020),
            path="(0010,0020)",
            id=repr(letters),
        )
    yield Case(
        "structure.vr-invalid",
        with_element(dicom.element(0x00100020, "UT", b"JD", letters=b"XX"), 0x00100020),
        path="(0010,0020)",
        id="with a long length, as VRs to come will have",
    )
    yield Case(
        "structure.vr-invalid",
        with_element(dicom.element(0x00100020, "LO", b"JD", dicom.IMPLICIT), 0x00100020),
        path="(0010,0020)",
        id="an implicit element among explicit ones",
    )
    late = dicom.element(0x00081030, "LO", b"Head")
    yield Case(
        "structure.order",
        with_element(late, 0x00100011),
        with_element(late, 0x00081030),
        path="(0008,1030)",
    )
    yield Case(
        "structure.duplicate",
        with_element(late + late, 0x00081030),
        with_element(late, 0x00081030),
        path="(0008,1030)",
        id="side by side",
    )
    yield Case(
        "structure.depth",
        with_sequence(nested(PROFILE.limits.max_depth + 1)),
        with_sequence(nested(PROFILE.limits.max_depth)),
        path=">".join(["...", *["(0008,1140)[0]"] * 32, "(0008,1140)"]),
    )
    yield Case(
        "structure.too-many-elements",
        CT,
        profile=PROFILE.changed(
            limits=Limits(max_elements=len(dicom.ct()) - 1), required_elements=()
        ),
    )
    yield Case("structure.trailing-padding", CT + bytes(100))
    yield Case("structure.trailing-padding", CT + bytes(3), id="shorter than a header")
    yield Case("structure.trailing-bytes", CT + b"</html>\n\r\n")
    yield Case("structure.trailing-bytes", CT + b"\n", id="shorter than a header")
    implicit = dicom.part10(dicom.ct(), dicom.IMPLICIT)
    yield Case(
        "structure.trailing-bytes", implicit + b"</html>\n\r\n", implicit, id="in implicit VR"
    )


def deflate_cases() -> Iterator[Case]:
    valid = dicom.part10(dicom.ct(), dicom.DEFLATED)
    yield Case("structure.deflate-corrupt", valid[:-20], valid, id="cut")
    start = len(valid) - len(dicom.deflate(dicom.encode(dicom.ct())))
    reserved = valid[:start] + b"\x07" + valid[start + 1 :]
    yield Case("structure.deflate-corrupt", reserved, valid, id="a block of no known kind")
    yield Case("structure.deflate-trailing", valid + bytes(8), valid)
    size = len(dicom.encode(dicom.ct()))
    yield Case(
        "structure.deflate-too-large",
        valid,
        profile=PROFILE.changed(limits=Limits(max_inflated_bytes=size - 1), required_elements=()),
    )


def element_cases() -> Iterator[Case]:
    for tag, path in (
        ("x00080016", "(0008,0016)"),
        ("x00080018", "(0008,0018)"),
        ("x00080060", "(0008,0060)"),
        ("x00100020", "(0010,0020)"),
        ("x0020000D", "(0020,000D)"),
        ("x0020000E", "(0020,000E)"),
    ):
        yield Case("element.missing", dicom.part10(changed(**{tag: None})), path=path, id=tag)
        if tag == "x00100020":
            continue
        for value in (b"", b"  ", b"\0\0"):
            yield Case(
                "element.empty",
                dicom.part10(changed(**{tag: value})),
                dicom.part10(changed(x00100020=value)),
                path=path,
                id=f"{tag} {value!r}",
            )


def uid_cases() -> Iterator[Case]:
    malformed = ("1.2.03", "1..2", ".1.2", "1.2.", "1.2.x", "1.2 .3", "1" * 65, "1.2\\1.3", "-1.2")
    for text in malformed:
        yield Case(
            "uid.malformed",
            dicom.part10(changed(x0020000D=dicom.uid(text))),
            dicom.part10(changed(x0020000D=dicom.uid("1.0.30" + ".1" * 29))),
            path="(0020,000D)",
            id=text,
        )
    yield Case(
        "uid.malformed-elsewhere",
        with_sequence(
            dicom.item(dicom.element(0x00081155, "UI", dicom.uid("1.2.03")))
            + dicom.item(dicom.element(0x00081155, "UI", dicom.uid("1.2.04")))
        ),
        with_sequence(dicom.item(REFERENCE)),
        path="(0008,1140)[0]>(0008,1155)",
        count=2,
        id="nested",
    )
    yield Case(
        "uid.malformed-elsewhere",
        with_element(dicom.element(0x0008001A, "UI", b"1.2.3\\1.02.3\\1.2"), 0x0008001A),
        with_element(dicom.element(0x0008001A, "UI", b"1.2.3\\1.20.3\\1.2"), 0x0008001A),
        path="(0008,001A)",
        id="one of many values",
    )
    for padding in (b" ", b"\0\0", b"\0 "):
        value = b"1.2.3" + (b".4" if len(padding) == 1 else b"4") + padding
        yield Case(
            "uid.padding",
            dicom.part10(changed(x0020000D=value)),
            dicom.part10(changed(x0020000D=b"1.2.3\0")),
            path="(0020,000D)",
            id=repr(padding),
        )


def pixel_cases() -> Iterator[Case]:
    yield Case("pixel.data-missing", dicom.part10(changed(x7FE00010=None)), path="(7FE0,0010)")
    for tag, path in (
        ("x00280002", "(0028,0002)"),
        ("x00280010", "(0028,0010)"),
        ("x00280011", "(0028,0011)"),
        ("x00280100", "(0028,0100)"),
    ):
        absent = dicom.part10(changed(**{tag: None}))
        yield Case("pixel.attribute-missing", absent, path=path, id=f"{tag} absent")
        empty = dicom.part10(changed(**{tag: b""}))
        yield Case("pixel.attribute-missing", empty, path=path, id=f"{tag} empty")
        zero = dicom.part10(changed(**{tag: dicom.us(0)}))
        yield Case("pixel.attribute-invalid", zero, path=path, id=f"{tag} zero")
    one_frame = dicom.ct() | {0x00280008: ("IS", b"1 ")}
    for value in (b"0 ", b"1A", b"", b"-1"):
        yield Case(
            "pixel.frame-count-invalid",
            dicom.part10(one_frame | {0x00280008: ("IS", value)}),
            dicom.part10(one_frame),
            path="(0028,0008)",
            id=repr(value),
        )
    yield Case("pixel.length-short", dicom.part10(changed(x7FE00010=bytes(46))), path="(7FE0,0010)")
    yield Case("pixel.length-long", dicom.part10(changed(x7FE00010=bytes(50))), path="(7FE0,0010)")
    yield Case(
        "pixel.native-unexpected",
        dicom.part10(dicom.ct(), dicom.JPEG),
        JPEG_CT,
        path="(7FE0,0010)",
    )
    yield Case(
        "pixel.encapsulated-unexpected",
        dicom.part10(dicom.encapsulated_ct(dicom.fragments(FRAME))),
        JPEG_CT,
        path="(7FE0,0010)",
    )


def encapsulation_cases() -> Iterator[Case]:
    without_table = dicom.encapsulated_ct(dicom.SEQUENCE_END)
    yield Case(
        "pixel.offset-table-missing",
        dicom.part10(without_table, dicom.JPEG),
        JPEG_CT,
        path="(7FE0,0010)",
    )
    valid = jpeg(FRAME, FRAME, frames=2, table=(0, 16))
    for table in ((0,), (0, 8), (0, 0), (16, 0), (0, 16, 32), (0, 32)):
        yield Case(
            "pixel.offset-table-wrong",
            jpeg(FRAME, FRAME, frames=2, table=table),
            valid,
            path="(7FE0,0010)[0]",
            id=str(table),
        )
    for offsets, lengths in (((0, 8), (8, 7)), ((0,), (8, 7)), ((0, 16), (8,)), ((0, 16), (8, 6))):
        yield Case(
            "pixel.extended-offset-table-wrong",
            extended(offsets, lengths),
            extended((0, 16), (8, 7)),
            id=f"{offsets} {lengths}",
        )
    yield Case("pixel.frames-missing", jpeg(FRAME, frames=2), JPEG_CT, path="(7FE0,0010)")
    yield Case(
        "pixel.frames-missing",
        jpeg(FRAME, b"\1\2", b"\3\4", b"\5\6", frames=3),
        jpeg(FRAME, b"\1\2", FRAME, FRAME, frames=3),
        path="(7FE0,0010)",
        id="fewer codestreams than frames",
    )
    yield Case("pixel.frames-extra", jpeg(FRAME, FRAME), JPEG_CT, path="(7FE0,0010)")
    yield Case(
        "pixel.frames-extra",
        dicom.part10(dicom.encapsulated_ct(dicom.fragments(b"\1\2", b"\3\4")), dicom.RLE),
        dicom.part10(dicom.encapsulated_ct(dicom.fragments(b"\1\2\3\4")), dicom.RLE),
        path="(7FE0,0010)",
        id="RLE frames have one fragment each",
    )
    yield Case(
        "pixel.frames-undecidable",
        jpeg(b"\1\2", b"\3\4", b"\5\6", frames=2),
        jpeg(b"\1\2", b"\3\4", b"\5\6", frames=2, table=(0, 10)),
        path="(7FE0,0010)",
    )


def extended(offsets: tuple[int, ...], lengths: tuple[int, ...]) -> bytes:
    dataset = dicom.encapsulated_ct(dicom.fragments(FRAME, FRAME), frames=2)
    dataset[0x7FE00001] = ("OV", pack(f"<{len(offsets)}Q", *offsets))
    dataset[0x7FE00002] = ("OV", pack(f"<{len(lengths)}Q", *lengths))
    return dicom.part10(dataset, dicom.JPEG)


CASES = [
    *file_cases(),
    *meta_cases(),
    *structure_cases(),
    *deflate_cases(),
    *element_cases(),
    *uid_cases(),
    *pixel_cases(),
    *encapsulation_cases(),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.id}".rstrip())
def test_one_defect_gives_one_finding_and_its_valid_twin_none(case: Case) -> None:
    assert examine(case.valid, PROFILE).findings == ()

    [finding] = examine(case.defective, case.profile).findings

    rule = RULES[case.code]
    assert (finding.code, finding.severity, finding.message, finding.section) == (
        rule.code,
        rule.severity,
        rule.message,
        rule.section,
    )
    assert finding.count == case.count
    if case.path is not None:
        assert finding.path == case.path


def test_only_errors_reject_an_instance() -> None:
    for case in CASES:
        outcome = examine(case.defective, case.profile).outcome
        is_error = RULES[case.code].severity is Severity.ERROR
        assert outcome is (Outcome.REJECTED if is_error else Outcome.ACCEPTED)
