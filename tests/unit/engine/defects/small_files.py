"""Small files written byte by byte: valid ones, and the ways to break them."""

from struct import pack

from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom
from unit.engine.defects.defect import Defect

_INCOMPLETE = ["iod.*", "codestream.*", "value.*", "multiframe.*", "meta.transfer-syntax-retired"]
"""What these files violate as well: they are no complete instances, and have no real frames."""
PROFILE = Profile.model_validate({"severities": [{"code": _INCOMPLETE, "severity": "mute"}]})
CT = dicom.part10(dicom.ct())
FRAME = b"\xff\xd8\xff\xe0\0\x10\xff\xd9"
JPEG_CT = dicom.part10(dicom.encapsulated_ct(dicom.fragments(FRAME)), dicom.JPEG)
REFERENCED_IMAGES = 0x00081140
REFERENCE = dicom.element(0x00081155, "UI", dicom.uid("1.2.3"))


def small(
    code: str,
    defective: bytes,
    valid: bytes = CT,
    *,
    profile: Profile = PROFILE,
    at: str | None = None,
    count: int = 1,
    note: str = "",
) -> Defect:
    """A defective file and its valid twin."""
    return Defect(
        code, valid, defective, at, count, profile=profile, note=note, valid_under=PROFILE
    )


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


def extended(offsets: tuple[int, ...], lengths: tuple[int, ...]) -> bytes:
    dataset = dicom.encapsulated_ct(dicom.fragments(FRAME, FRAME), frames=2)
    dataset[0x7FE00001] = ("OV", pack(f"<{len(offsets)}Q", *offsets))
    dataset[0x7FE00002] = ("OV", pack(f"<{len(lengths)}Q", *lengths))
    return dicom.part10(dataset, dicom.JPEG)
