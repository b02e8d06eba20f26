"""Values in the DICOM JSON Model (PS3.18 F.2)."""

import struct
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descriptor.dicom_json import INLINE_BYTES, attribute
from engine.encoding.character_sets import DEFAULT, declaration

NUMBERS = ("FD", "FL", "SL", "SS", "SV", "UL", "US", "UV")
STRINGS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC")
BINARY = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")
UTF_8 = declaration(b"ISO_IR 192").characters
EVERY_VR = (*NUMBERS, *STRINGS, *BINARY, "AT", "UI", "UR", "UT")


@pytest.mark.parametrize(
    ("vr", "raw", "values"),
    [
        ("CS", b"ORIGINAL\\PRIMARY ", ["ORIGINAL", "PRIMARY"]),
        ("LO", b"one\\\\three", ["one", None, "three"]),
        ("UI", b"1.2.840\0", ["1.2.840"]),
        ("ST", b"C:\\path ", ["C:\\path"]),
        ("UR", b"https://example.org/a\\b ", ["https://example.org/a\\b"]),
        ("IS", b" 12\\-3 ", [12, -3]),
        ("DS", b"1.5\\-2 \\.5\\1e3", [1.5, -2.0, 0.5, 1000.0]),
        ("US", b"\x01\x00\x00\x01", [1, 256]),
        ("SS", b"\xff\xff", [-1]),
        ("SV", b"\x00" * 7 + b"\x80", [-(2**63)]),
        ("UV", b"\xff" * 8, [2**64 - 1]),
        ("FD", struct.pack("<d", 0.1), [0.1]),
        ("AT", b"\x28\x00\x10\x00\xe0\x7f\x10\x00", ["00280010", "7FE00010"]),
        ("PN", b"Doe^Jane ", [{"Alphabetic": "Doe^Jane"}]),
        ("PN", b"A^B=C^D=E^F", [{"Alphabetic": "A^B", "Ideographic": "C^D", "Phonetic": "E^F"}]),
        ("PN", b"=C^D", [{"Ideographic": "C^D"}]),
        ("PN", b"A\\\\B", [{"Alphabetic": "A"}, None, {"Alphabetic": "B"}]),
        ("PN", b"A=B=C=D", [{"Alphabetic": "A", "Ideographic": "B", "Phonetic": "C=D"}]),
    ],
)
def test_values_are_what_the_model_asks_for(vr: str, raw: bytes, values: list[Any]) -> None:
    assert attribute(vr, raw, DEFAULT, little_endian=True) == {"vr": vr, "Value": values}


@pytest.mark.parametrize("vr", EVERY_VR)
def test_an_empty_value_is_left_out(vr: str) -> None:
    assert attribute(vr, b"", DEFAULT, little_endian=True) == {"vr": vr}


@pytest.mark.parametrize("raw", [b"  ", b"\0", b"\\ \\"])
def test_a_text_of_padding_alone_is_empty(raw: bytes) -> None:
    assert attribute("LO", raw, DEFAULT, little_endian=True) == {"vr": "LO"}


@pytest.mark.parametrize(
    ("vr", "text"),
    [
        ("IS", "1A"),
        ("IS", "1.0"),
        ("IS", "1_000"),
        ("IS", "9" * 30),
        ("DS", "NaN"),
        ("DS", "-inf"),
        ("DS", "1e999"),
        ("DS", "1,5"),
        ("DS", "0x10"),
    ],
)
def test_a_text_that_is_no_number_stays_text(vr: str, text: str) -> None:
    described = attribute(vr, text.encode(), DEFAULT, little_endian=True)
    assert described is not None
    [value] = described["Value"]
    assert isinstance(value, str)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_floats_that_json_cannot_hold_stay_in_the_file(number: float) -> None:
    assert attribute("FD", struct.pack("<2d", 1.0, number), DEFAULT, little_endian=True) is None
    assert attribute("FL", struct.pack("<2f", 1.0, number), DEFAULT, little_endian=True) is None


@pytest.mark.parametrize("vr", [*NUMBERS, "AT"])
def test_a_number_of_a_wrong_length_stays_in_the_file(vr: str) -> None:
    assert attribute(vr, b"\x01", DEFAULT, little_endian=True) is None


def test_big_endian_numbers_are_read_as_such() -> None:
    assert attribute("US", b"\x01\x00", DEFAULT, little_endian=False) == {
        "vr": "US",
        "Value": [256],
    }
    tags = attribute("AT", b"\x00\x28\x00\x10", DEFAULT, little_endian=False)
    assert tags == {"vr": "AT", "Value": ["00280010"]}


class TestBinaryValues:
    def test_short_ones_are_in_the_json(self) -> None:
        assert attribute("OB", b"\x00\x01", DEFAULT, little_endian=True) == {
            "vr": "OB",
            "InlineBinary": "AAE=",
        }

    @pytest.mark.parametrize("vr", BINARY)
    def test_long_ones_stay_in_the_file(self, vr: str) -> None:
        assert attribute(vr, bytes(INLINE_BYTES), DEFAULT, little_endian=True) is not None
        assert attribute(vr, bytes(INLINE_BYTES + 1), DEFAULT, little_endian=True) is None

    @pytest.mark.parametrize("vr", ["OD", "OF", "OL", "OV", "OW"])
    def test_big_endian_words_stay_in_the_file(self, vr: str) -> None:
        assert attribute(vr, bytes(8), DEFAULT, little_endian=False) is None

    def test_bytes_have_no_order(self) -> None:
        assert attribute("OB", b"\x00\x01", DEFAULT, little_endian=False) is not None


class TestCharacterSets:
    @pytest.mark.parametrize(
        ("character_set", "raw", "name"),
        [
            (b"ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
            (b"ISO_IR 192 ", "Müller^Jörg".encode(), "Müller^Jörg"),
            (b"ISO_IR 144", b"\xbb\xee\xda^\xb1\xd8\xdb", "Люк^Бил"),
            (b"GB18030", "王^小".encode("gb18030"), "王^小"),
        ],
    )
    def test_names_are_decoded(self, character_set: bytes, raw: bytes, name: str) -> None:
        described = attribute("PN", raw, declaration(character_set).characters, little_endian=True)
        assert described == {"vr": "PN", "Value": [{"Alphabetic": name}]}

    def test_code_extensions_are_followed(self) -> None:
        raw = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"  # PS3.5 H.3.1
        characters = declaration(b"\\ISO 2022 IR 87").characters
        assert attribute("PN", raw, characters, little_endian=True) == {
            "vr": "PN",
            "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}],
        }

    def test_a_backslash_inside_a_character_does_not_split(self) -> None:
        raw = b"\x81\x5c\\two"
        described = attribute("LO", raw, declaration(b"GB18030").characters, little_endian=True)
        assert described == {"vr": "LO", "Value": ["\u4e57", "two"]}

    def test_a_delimiter_ends_a_code_extension(self) -> None:
        russian = declaration(b"\\ISO 2022 IR 144").characters
        name = attribute("PN", b"\x1b-L\xbb^\xe9", russian, little_endian=True)
        assert name == {"vr": "PN", "Value": [{"Alphabetic": "\u041b^\u00e9"}]}
        text = attribute("LT", b"\x1b-L\xbb^\xbb", russian, little_endian=True)
        assert text == {"vr": "LT", "Value": ["\u041b^\u041b"]}

    def test_bytes_that_do_not_decode_are_replaced(self) -> None:
        described = attribute("LO", b"a\xffb", UTF_8, little_endian=True)
        assert described == {"vr": "LO", "Value": ["a\N{REPLACEMENT CHARACTER}b"]}

    def test_codes_and_dates_are_not_subject_to_it(self) -> None:
        described = attribute("CS", b"A\xe9", UTF_8, little_endian=True)
        assert described == {"vr": "CS", "Value": ["Aé"]}


@given(
    vr=st.sampled_from(EVERY_VR),
    raw=st.binary(max_size=100),
    character_set=st.sampled_from(
        [b"", b"ISO_IR 192", b"GB18030", b"ISO_IR 13", b"\\ISO 2022 IR 87", b"\\ISO 2022 IR 149"]
    ),
    little_endian=st.booleans(),
)
def test_whatever_the_bytes_are_the_result_is_json(
    vr: str, raw: bytes, character_set: bytes, little_endian: bool
) -> None:
    described = attribute(
        vr, raw, declaration(character_set).characters, little_endian=little_endian
    )
    assert orjson.loads(orjson.dumps(described)) == described
