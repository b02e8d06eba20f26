"""Text in characters: each set of PS3.3 C.12.1.1.2, code extensions, and what writers get wrong."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoding import vr as vrs
from engine.encoding.character_sets import DEFAULT, SEPARATORS, declaration
from engine.encoding.code_extensions import Decoded

LO, LT, PN, UC = (vrs.CODES[letters] for letters in (b"LO", b"LT", b"PN", b"UC"))

SINGLE_BYTE = {
    # ISO registration number: a text, its bytes, the escape sequence of the set.
    "100": ("Jérôme", b"J\xe9r\xf4me", b"\x1b-A"),
    "101": ("Wałęsa", b"Wa\xb3\xeasa", b"\x1b-B"),
    "109": ("ĉapelo", b"\xe6apelo", b"\x1b-C"),
    "110": ("ģimenē", b"\xbbimen\xba", b"\x1b-D"),
    "126": ("Διον", b"\xc4\xe9\xef\xed", b"\x1b-F"),
    "127": ("قباني", b"\xe2\xc8\xc7\xe6\xea", b"\x1b-G"),
    "138": ("שרון", b"\xf9\xf8\xe5\xef", b"\x1b-H"),
    "144": ("Люк", b"\xbb\xee\xda", b"\x1b-L"),
    "148": ("Çavuşoğlu", b"\xc7avu\xfeo\xf0lu", b"\x1b-M"),
    "166": ("ดิน", b"\xb4\xd4\xb9", b"\x1b-T"),
    "203": ("Œuvre€", b"\xbcuvre\xa4", b"\x1b-b"),
    "13": ("ﾔﾏﾀﾞ", b"\xd4\xcf\xc0\xde", b"\x1b)I"),
}
MULTI_BYTE = {
    # Those in G1 leave ASCII as it is, those in G0 need the way back.
    "58": ("张小东", b"\x1b$)A\xd5\xc5\xd0\xa1\xb6\xab"),
    "149": ("홍길동", b"\x1b$)C\xc8\xab\xb1\xe6\xb5\xbf"),
    "87": ("山田", b"\x1b$B;3ED\x1b(B"),
    "159": ("丂", b"\x1b$(D0!\x1b(B"),
}


def decoded(declared: bytes, text: bytes, vr: int = LO) -> Decoded:
    return declaration(declared).characters.decode(text, vr)


def whole(declared: bytes, text: bytes, vr: int = LO) -> str:
    """The characters of one value, all of them known."""
    values, is_whole, is_left_open = decoded(declared, text, vr)
    assert is_whole
    assert not is_left_open
    [value] = values
    return value


@pytest.mark.parametrize("number", SINGLE_BYTE)
class TestSingleByteSets:
    def test_one_is_declared_by_itself(self, number: str) -> None:
        text, encoded, _ = SINGLE_BYTE[number]
        assert whole(f"ISO_IR {number}".encode(), encoded) == text

    def test_one_is_the_first_of_several(self, number: str) -> None:
        text, encoded, _ = SINGLE_BYTE[number]
        assert whole(f"ISO 2022 IR {number}\\ISO 2022 IR 87".encode(), encoded) == text

    def test_one_is_called_by_its_escape_sequence(self, number: str) -> None:
        text, encoded, escape = SINGLE_BYTE[number]
        assert whole(f"\\ISO 2022 IR {number}".encode(), escape + encoded) == text

    def test_one_that_is_not_declared_is_followed_but_not_right(self, number: str) -> None:
        text, encoded, escape = SINGLE_BYTE[number]
        assert decoded(b"\\ISO 2022 IR 58", escape + encoded) == ([text], False, False)

    def test_bytes_of_control_characters_are_none(self, number: str) -> None:
        assert not decoded(f"ISO_IR {number}".encode(), b"\x85").is_whole


@pytest.mark.parametrize("number", MULTI_BYTE)
def test_a_multi_byte_set_is_called_by_its_escape_sequence(number: str) -> None:
    text, encoded = MULTI_BYTE[number]
    for first in ("", "ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 13"):
        declared = f"{first}\\ISO 2022 IR {number}".encode()
        assert whole(declared, b"(" + encoded + b" 1)") == f"({text} 1)"


def test_every_set_can_be_used_beside_every_other() -> None:
    everything = "\\".join(f"ISO 2022 IR {number}" for number in [*SINGLE_BYTE, *MULTI_BYTE])
    for (one, first, escape), (two, second) in product(SINGLE_BYTE.values(), MULTI_BYTE.values()):
        text = escape + first + second + escape + first
        assert whole(everything.encode(), text) == one + two + one


@pytest.mark.parametrize(
    ("term", "codec"), [("ISO_IR 192", "utf_8"), ("GB18030", "gb18030"), ("GBK", "gbk")]
)
def test_a_set_without_code_extensions_has_all_characters(term: str, codec: str) -> None:
    text = "Wang^XiaoDong=王^小東"
    assert whole(term.encode(), text.encode(codec), PN) == text


class TestDelimiters:
    """The first set is in force again after each of them (PS3.5 6.1.2.5.3)."""

    LATIN_KOREAN = b"ISO 2022 IR 100\\ISO 2022 IR 149"
    DECLARED = b"\\ISO 2022 IR 144\\ISO 2022 IR 87"

    @pytest.mark.parametrize("delimiter", ["^", "="])
    def test_those_of_names(self, delimiter: str) -> None:
        encoded = b"\xe7%b\x1b$)C\xa4\xba%b\xe7" % (delimiter.encode(), delimiter.encode())
        assert whole(self.LATIN_KOREAN, encoded, PN) == f"ç{delimiter}ㅊ{delimiter}ç"

    @pytest.mark.parametrize("control", ["\r\n", "\n", "\f", "\t"])
    def test_the_end_of_lines_and_pages_and_other_control_characters(self, control: str) -> None:
        encoded = b"\x1b$)C\xb1\xe8" + control.encode() + b"\xe7a"
        assert whole(self.LATIN_KOREAN, encoded, LT) == f"김{control}ça"

    @pytest.mark.parametrize("vr", [LO, PN, UC])
    def test_what_separates_values(self, vr: int) -> None:
        encoded = b"\x1b$)C\xb1\xe8\\\xe7a"
        assert decoded(self.LATIN_KOREAN, encoded, vr) == (["김", "ça"], True, False)

    def test_what_separates_nothing_is_no_delimiter(self) -> None:
        assert whole(self.LATIN_KOREAN, b"\x1b$)C\xb1\xe8\\^=\xb1\xe8", LT) == "김\\^=김"
        assert whole(self.LATIN_KOREAN, b"\x1b$)C\xb1\xe8^\xb1\xe8", LO) == "김^김"

    @pytest.mark.parametrize("delimiter", [b"^", b"=", b"\r\n"])
    def test_a_set_that_is_not_called_again_is_not_in_force(self, delimiter: bytes) -> None:
        for first in (b"\x1b$)C\xb1\xe8", b"\x1b-L\xbb"):
            declared = b"\\ISO 2022 IR 149\\ISO 2022 IR 144"
            assert not decoded(declared, first + delimiter + first[-1:], PN).is_whole
            assert decoded(declared, first + delimiter + first, PN).is_whole

    def test_the_first_set_may_be_that_of_katakana(self) -> None:
        declared = b"ISO 2022 IR 13\\ISO 2022 IR 87"
        encoded = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\xd4"
        assert whole(declared, encoded, PN) == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=ﾔ"

    @pytest.mark.parametrize("tail", [b"", b"\r\n", b"\t"])
    def test_a_set_of_two_bytes_is_left_before_them(self, tail: bytes) -> None:
        declared = b"\\ISO 2022 IR 87"
        assert decoded(declared, b"\x1b$B;3" + tail, LT).is_left_open
        assert not decoded(declared, b"\x1b$B;3\x1b(B" + tail, LT).is_left_open

    def test_bytes_of_two_byte_characters_are_none(self) -> None:
        # ^, = and the backslash are the second bytes here.
        assert whole(b"\\ISO 2022 IR 87", b"\x1b$B0^0=0\\\x1b(B", PN) == "緯綾移"


class TestCharactersThatPythonHasElsewhere:
    def test_the_yen_sign_and_the_overline_of_jis_x_0201(self) -> None:
        for declared in (b"ISO_IR 13", b"ISO 2022 IR 13\\ISO 2022 IR 87"):
            assert whole(declared, b"\\100~\xb1", LT) == "¥100‾ｱ"
            assert whole(declared, b"\\100~", LT) == "¥100‾"
            assert decoded(declared, b"a~\\\xb1", LO) == (["a‾", "ｱ"], True, False)

    def test_they_are_so_while_jis_x_0201_is_called_only(self) -> None:
        declared = b"\\ISO 2022 IR 13"
        assert whole(declared, b"\\~\x1b(J\\~\x1b(B\\~", LT) == "\\~¥‾\\~"

    def test_a_backslash_in_two_bytes_is_a_wide_one(self) -> None:
        assert whole(b"\\ISO 2022 IR 87", b"\x1b$B!@\x1b(B") == "\N{FULLWIDTH REVERSE SOLIDUS}"
        assert whole(b"\\ISO 2022 IR 149", b"\x1b$)C\xa1\xac") == "\N{FULLWIDTH REVERSE SOLIDUS}"

    @pytest.mark.parametrize("declared", [b"GBK", b"GB18030"])
    def test_half_a_character_separates_nothing(self, declared: bytes) -> None:
        assert decoded(declared, b"\x81\\\\two") == (["乗", "two"], True, False)

    def test_the_dot_in_chinese_names(self) -> None:
        assert whole(b"\\ISO 2022 IR 58", b"\x1b$)A\xb0\xac\xa1\xa4\xb2\xa9\xa1\xaa") == "艾·博—"

    def test_syllables_that_korean_text_makes_up_of_letters(self) -> None:
        assert whole(b"\\ISO 2022 IR 149", b"\x1b$)C" + "똠".encode("euc_kr")) == "똠"

    def test_characters_of_extensions_are_none(self) -> None:
        for declared, encoded in (
            (b"\\ISO 2022 IR 149", b"\x1b$)C" + "똠".encode("cp949")),
            (b"\\ISO 2022 IR 58", b"\x1b$)A" + "朱镕基".encode("gbk")),
            (b"\\ISO 2022 IR 87", b"\x1b$B\x2d\x21\x1b(B"),
            (b"ISO_IR 13", "山田".encode("shift_jis")),
            (b"ISO_IR 100", b"\x93quoted\x94"),
        ):
            assert not decoded(declared, encoded).is_whole


class TestWhatWritersGetWrong:
    """Bytes that are no characters are read as those that were most probably meant."""

    @pytest.mark.parametrize(
        ("declared", "encoded", "text"),
        [
            (b"\\ISO 2022 IR 149", b"\x1b$)C" + "똠방각하".encode("cp949"), "똠방각하"),
            (b"\\ISO 2022 IR 58", b"\x1b$)A" + "朱镕基".encode("gbk"), "朱镕基"),
            (b"ISO_IR 13", "山田表".encode("shift_jis"), "山田表"),
            (b"ISO_IR 100", b"\x93quoted\x94", "“quoted”"),
            (b"ISO_IR 192", b"a\xffb", "a\ufffdb"),
            (b"\\ISO 2022 IR 87", b"\x1b$B;3E\x1b(B", "山\ufffd"),
            (b"\\ISO 2022 IR 87", b"M\xfcller", "Müller"),
            (b"\\ISO 2022 IR 87", b"M\xc3\xbcller", "Müller"),
            (b"ISO_IR 127", b"\xa1", "\ufffd"),
        ],
    )
    def test_text(self, declared: bytes, encoded: bytes, text: str) -> None:
        assert decoded(declared, encoded) == ([text], False, False)

    def test_text_without_a_character_set(self) -> None:
        assert DEFAULT.decode("Müller".encode(), LO) == (["Müller"], False, False)
        assert DEFAULT.decode("Müller\\Maß".encode("latin-1"), LO).values == ["Müller", "Maß"]

    @pytest.mark.parametrize(
        ("declared", "encoded", "text"),
        [
            (b"ISO-IR 144", b"\xbb", "Л"),
            (b"ISO IR 144", b"\xbb", "Л"),
            (b"iso_ir 144", b"\xbb", "Л"),
            (b"ISO_IR_144", b"\xbb", "Л"),
            (b"ISO_IR144", b"\xbb", "Л"),
            (b"UTF-8", "Л".encode(), "Л"),
            (b"utf8", "Л".encode(), "Л"),
            (b"ISO-IR 192", "Л".encode(), "Л"),
            (b"gb18030", "王".encode("gb18030"), "王"),
            (b"ISO_IR 87", b"\x1b$B;3\x1b(B", "山"),
            (b"\\ISO-2022-IR 87", b"\x1b$B;3\x1b(B", "山"),
            (b"ISO_IR 6", "é".encode("latin-1"), "é"),
            (b"nonsense", "é".encode(), "é"),
            (b"nonsense\\ISO 2022 IR 144", b"\x1b-L\xbb", "Л"),
        ],
    )
    def test_terms_that_resemble_others(self, declared: bytes, encoded: bytes, text: str) -> None:
        found = declaration(declared)
        assert found.unknown is not None
        assert not found.characters.is_certain
        assert found.characters.decode(encoded, LO).values == [text]

    @pytest.mark.parametrize(
        ("declared", "encoded", "text"),
        [
            (b"ISO 2022 IR 100", b"caf\xe9", "café"),
            (b"ISO 2022 IR 149", "홍".encode("euc_kr"), "홍"),
            (b"ISO 2022 IR 87", b"A\x1b$B;3\x1b(B", "A山"),
            (b"ISO_IR 100\\ISO 2022 IR 87", b"\xe9\x1b$B;3\x1b(B", "é山"),
            (b"\\ISO_IR 100", b"\x1b-A\xe9", "é"),
            (b"ISO_IR 192\\ISO 2022 IR 87", "é".encode(), "é"),
            (b"\\ISO_IR 192", "é".encode(), "é"),
            (b"ISO 2022 IR 6\\GB18030", "王".encode("gb18030"), "王"),
            (b"ISO 2022 IR 100\\GB18030", b"\xe9", "é"),
        ],
    )
    def test_terms_that_cannot_be_used_in_this_way(
        self, declared: bytes, encoded: bytes, text: str
    ) -> None:
        found = declaration(declared)
        assert found.expected is not None
        assert found.unknown is None
        assert found.characters.decode(encoded, LO).values == [text]

    @pytest.mark.parametrize(
        "term", [b"unicode_escape", b"utf_7", b"idna", b"zlib_codec", b"\xff\xff", b"a\0b"]
    )
    def test_no_other_codec_of_python_is_ever_used(self, term: bytes) -> None:
        assert declaration(term).characters.decode(b"\\u0041+AEE-", LT).values == ["\\u0041+AEE-"]


TERMS = st.sampled_from(
    ["", "ISO_IR 192", "GBK", "ISO_IR 13", "FOO"]
    + [f"ISO 2022 IR {number}" for number in [*SINGLE_BYTE, *MULTI_BYTE]]
)
PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from([escape for *_, escape in SINGLE_BYTE.values()]),
    st.sampled_from([b"\x1b$)A", b"\x1b$)C", b"\x1b$B", b"\x1b$(D", b"\x1b(B", b"\x1b(J", b"\\"]),
)


@given(
    terms=st.lists(TERMS, max_size=4),
    pieces=st.lists(PIECES, max_size=8),
    vr=st.sampled_from(sorted(SEPARATORS)),
)
def test_whatever_the_bytes_are_they_are_decoded(
    terms: list[str], pieces: list[bytes], vr: int
) -> None:
    found = decoded("\\".join(terms).encode(), b"".join(pieces), vr)
    assert all(value.encode() is not None for value in found.values)  # no lone surrogates
    if not SEPARATORS[vr]:
        assert len(found.values) == 1


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="\x1b"), max_size=20))
def test_ascii_is_the_same_in_every_set_but_jis_x_0201(text: str) -> None:
    for declared in (b"", b"ISO_IR 100", b"\\ISO 2022 IR 87", b"GBK", b"ISO_IR 192", b"FOO"):
        assert whole(declared, text.encode(), LT) == text
