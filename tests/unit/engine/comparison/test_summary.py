"""What is kept of an instance to compare it with the others."""

from struct import pack

from engine.comparison.summary import Summary
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.tags import PATIENT_ID, STUDY_TIME
from unit.engine import dicom_writer as dicom


def summary(content: bytes) -> Summary:
    found = examine(content, Profile()).summary
    assert found is not None
    return found


def ct(**changes: bytes) -> dicom.DataSet:
    geometry = {
        0x00080030: ("TM", b"101500"),
        0x00200013: ("IS", b"12"),
        0x00200032: ("DS", b"-120\\-120\\37.5 "),
        0x00200037: ("DS", b"1\\0\\0\\0\\1\\0 "),
        0x00280030: ("DS", b"0.5\\0.5 "),
    }
    dataset = {**dicom.ct(), **geometry}
    for name, value in changes.items():
        tag = int(name[1:], 16)
        dataset[tag] = (dataset[tag][0], value)
    return dataset


def test_a_slice() -> None:
    found = summary(dicom.part10(ct()))

    assert (found.rows, found.columns, found.spacing) == (4, 6, (0.5, 0.5))
    assert (found.modality, found.instance_number, found.is_localizer) == ("CT", 12, False)
    (plane,) = found.planes
    assert plane.position == (-120, -120, 37.5)
    assert plane.orientation == (1, 0, 0, 0, 1, 0)


def test_big_endian_is_read_as_such() -> None:
    assert summary(dicom.part10(ct(), dicom.BIG_ENDIAN)).rows == 4


def test_a_localizer() -> None:
    assert summary(dicom.part10(ct(x00080008=b"ORIGINAL\\PRIMARY\\LOCALIZER "))).is_localizer


def test_a_position_that_is_none_makes_no_plane() -> None:
    for position in (b"1\\2", b"1\\2\\x ", b"1\\2\\inf ", b"1\\2\\nan ", b"1\\2\\1e300 ", b""):
        assert summary(dicom.part10(ct(x00200032=position))).planes == ()


def test_values_of_the_patient_are_digests_that_padding_does_not_change() -> None:
    one, other = (
        summary(dicom.part10(ct(x00100020=value))).shared[PATIENT_ID] for value in (b"JD", b"JD  ")
    )

    assert one == other
    assert "JD" not in one


def test_each_frame_of_an_enhanced_image_has_its_plane() -> None:
    def sequence(tag: int, *items: bytes) -> bytes:
        return dicom.element(tag, "SQ", b"".join(map(dicom.item, items)))

    orientation = sequence(0x00209116, dicom.element(0x00200037, "DS", b"1\\0\\0\\0\\1\\0 "))
    frames = [
        sequence(0x00209113, dicom.element(0x00200032, "DS", f"0\\0\\{z:<3}".encode()))
        for z in range(3)
    ]
    base = {tag: element for tag, element in dicom.ct().items() if tag < 0x7FE00010}
    pixels = dicom.element(0x7FE00010, "OW", bytes(3 * 48))
    groups = sequence(0x52009229, orientation) + sequence(0x52009230, *frames)
    number = {0x00280008: ("IS", b"3 "), 0x00280010: ("US", pack("<H", 4))}

    found = summary(dicom.part10(dicom.encode({**base, **number}) + groups + pixels))

    assert [plane.position[2] for plane in found.planes] == [0, 1, 2]
    assert {plane.orientation for plane in found.planes} == {(1, 0, 0, 0, 1, 0)}


def test_the_digests_of_two_spellings_of_one_value_are_the_same() -> None:
    one, other = (
        summary(dicom.part10(ct(x00100010=name, x00080030=time))).shared
        for name, time in ((b"Doe^Jane", b"101500"), (b"Doe^Jane^^^ ", b"101500.00"))
    )

    assert one == other
    assert len(one[STUDY_TIME]) == 3
