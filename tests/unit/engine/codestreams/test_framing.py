"""Fragments and frames: the many valid ways to encapsulate pixel data."""

import pytest

from unit.engine import codestream_writer as codestream
from unit.engine import dicom_writer as dicom
from unit.engine.layers import findings_in

JPEG_FRAME = codestream.jpeg()
J2K_FRAME = codestream.jpeg2000()
REST = b"\1\2\3\4"
J2K = "1.2.840.10008.1.2.4.90"


def codes(
    *contents: bytes,
    frames: int | None = None,
    table: tuple[int, ...] = (),
    syntax: str = dicom.JPEG,
) -> list[str]:
    dataset = dicom.encapsulated_ct(dicom.fragments(*contents, offset_table=table), frames)
    return found(dicom.part10(dataset, syntax))


def found(file: bytes) -> list[str]:
    """What the rules of pixels say; codestreams have tests of their own."""
    return [finding.code for finding in findings_in(file, "pixel")]


def test_one_frame_may_be_in_many_fragments() -> None:
    assert codes(JPEG_FRAME, REST, REST) == []


def test_one_frame_may_be_in_many_fragments_of_an_unknown_codestream() -> None:
    assert codes(REST, REST, REST) == []


@pytest.mark.parametrize("frame", [JPEG_FRAME, J2K_FRAME])
def test_frames_in_many_fragments_are_counted_by_their_codestreams(frame: bytes) -> None:
    assert codes(frame, REST, frame, REST, REST, frames=2, syntax=J2K) == []
    assert codes(frame, REST, frame, REST, frame, frames=2, syntax=J2K) == ["pixel.frames-extra"]


def test_an_offset_table_says_which_fragments_belong_together() -> None:
    assert codes(REST, REST, REST, REST, frames=2, table=(0, 36)) == []


def test_an_offset_into_the_middle_of_a_fragment_is_wrong() -> None:
    assert codes(REST, REST, REST, REST, frames=2, table=(0, 34)) == ["pixel.offset-table-wrong"]


@pytest.mark.parametrize("table", [(), (0,)])
@pytest.mark.parametrize("contents", [(REST,), (REST, REST, REST)])
def test_a_video_holds_all_frames_in_one_stream(
    contents: tuple[bytes, ...], table: tuple[int, ...]
) -> None:
    assert codes(*contents, frames=90, table=table, syntax=dicom.MPEG) == []


def test_a_video_without_a_stream_has_no_frames() -> None:
    assert codes(frames=90, syntax=dicom.MPEG) == ["pixel.frames-missing"]


def test_a_number_of_frames_beyond_all_measure_is_only_a_finding() -> None:
    dataset = dicom.encapsulated_ct(dicom.fragments(REST, offset_table=(0,)))
    dataset[0x00280008] = ("IS", b"999999999999")

    assert found(dicom.part10(dataset, dicom.JPEG)) == [
        "pixel.frames-missing",
        "pixel.offset-table-wrong",
    ]


@pytest.mark.parametrize(
    ("changes", "length"),
    [
        ({0x00280100: ("US", dicom.us(1))}, 4),  # 24 single bits, 3 bytes, padded
        ({0x00280100: ("US", dicom.us(8)), 0x00280010: ("US", dicom.us(3))}, 18),
        ({0x00280008: ("IS", b"3 ")}, 144),
        ({0x00280002: ("US", dicom.us(3)), 0x00280004: ("CS", b"RGB ")}, 144),
        ({0x00280002: ("US", dicom.us(3)), 0x00280004: ("CS", b"YBR_FULL_422")}, 96),
        ({0x00280100: ("US", dicom.us(1)), 0x00280008: ("IS", b"5 ")}, 16),
    ],
)
def test_the_length_of_native_pixels_follows_from_the_attributes(
    changes: dicom.DataSet, length: int
) -> None:
    def found_in(size: int) -> list[str]:
        dataset = dicom.ct() | changes | {0x7FE00010: ("OW", bytes(size))}
        return [code for code in found(dicom.part10(dataset)) if "length" in code]

    assert found_in(length) == []
    assert found_in(length - 2) == ["pixel.length-short"]
    assert found_in(length + 2) == ["pixel.length-long"]


@pytest.mark.parametrize(
    ("tag", "vr", "size"), [(0x7FE00008, "OF", 4), (0x7FE00009, "OD", 8)], ids=["float", "double"]
)
def test_float_pixels_have_their_own_size(tag: int, vr: str, size: int) -> None:
    def found_in(length: int) -> list[str]:
        dataset = dicom.ct() | {tag: (vr, bytes(length))}
        dataset[0x00280100] = ("US", dicom.us(8 * size))
        del dataset[0x7FE00010]
        return found(dicom.part10(dataset))

    assert found_in(24 * size) == []
    assert found_in(24 * size - size) == ["pixel.length-short"]


def test_pixels_that_come_from_another_place_are_not_missing() -> None:
    dataset = dicom.ct()
    del dataset[0x7FE00010]

    assert found(dicom.part10(dataset, "1.2.840.10008.1.2.4.94")) == []
