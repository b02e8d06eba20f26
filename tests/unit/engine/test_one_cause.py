"""What is wrong once is said once: nothing that follows from it is reported beside it."""

from dataclasses import replace
from struct import pack, unpack_from

import pytest

from engine.examination import examine
from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom
from unit.engine.clean import compressed, documents, enhanced, images
from unit.engine.clean.notation import Fragments, Of

ITEM, ITEM_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
FILES = {
    "enhanced MR": enhanced.enhanced_mr(),
    "SR": documents.structured_report(),
    "SEG": enhanced.segmentation(),
}


def codes(content: bytes) -> list[str]:
    return [finding.code for finding in examine(content, Profile()).findings]


def place(content: bytes, pattern: bytes, number: int) -> int:
    position = -1
    for _ in range(number):
        position = content.index(pattern, position + 1)
    return position


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("number", [1, 3, 6])
class TestLostSynchronisation:
    @pytest.mark.parametrize("delimiter", [ITEM_END, SEQUENCE_END])
    def test_null_bytes_instead_of_a_delimiter(
        self, name: str, number: int, delimiter: bytes
    ) -> None:
        content = replace(FILES[name], undefined=True).encode()
        at = place(content, delimiter, number)

        damaged = content[:at] + bytes(8) + content[at + 8 :]

        assert codes(damaged) == ["structure.delimiter-missing"]

    @pytest.mark.parametrize("change", [20, -10])
    def test_an_item_with_a_wrong_length(self, name: str, number: int, change: int) -> None:
        content = FILES[name].encode()
        at = place(content, ITEM, number) + 4
        (length,) = unpack_from("<I", content, at)

        damaged = content[:at] + pack("<I", max(length + change, 2)) + content[at + 4 :]

        [code] = codes(damaged)
        assert code in {"structure.overrun", "structure.delimiter-unexpected"}


def test_an_rle_frame_in_several_fragments() -> None:
    whole = compressed.rle_ct()
    [frame] = whole.get("PixelData").contents
    halves = whole.put("PixelData", Fragments((frame[:80], frame[80:])))

    assert codes(whole.encode()) == []
    assert codes(halves.encode()) == ["pixel.frame-fragmented"]
    twice = whole.put("PixelData", Fragments((frame, frame)))
    assert codes(twice.encode()) == ["pixel.frames-extra"]


def test_pixels_in_a_private_sequence_are_no_icon() -> None:
    item: dict[str, object] = {"Rows": 4, "Columns": 4, "SamplesPerPixel": 1, "BitsAllocated": 8}
    item |= {"BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}
    item |= {"PhotometricInterpretation": "MONOCHROME2", "PixelData": Of("OB", bytes(2))}
    owned = images.ct().put("00090010", Of("LO", "MAKER")).put("00091001", Of("SQ", [item]))

    assert "icon.length" not in codes(owned.encode())


def test_the_letters_of_the_prefix_in_a_data_set_without_preamble() -> None:
    first = dicom.element(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\".ljust(120, b"A") + b"DICM")
    rest = {tag: value for tag, value in dicom.ct().items() if tag > 0x00080008}
    content = first + dicom.encode(rest)

    assert content[128:132] == b"DICM"
    found = codes(content)
    assert "file.no-preamble" in found
    assert "meta.transfer-syntax-missing" not in found
