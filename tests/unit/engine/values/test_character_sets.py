"""Character sets: the terms, what may be combined, and text that is none."""

from collections.abc import Sequence

import pytest

from contracts.report import Finding
from engine.encoding import vr as vrs
from engine.encoding.character_sets import declaration
from unit.engine import dicom_writer as dicom
from unit.engine.layers import changed, findings_in

NAME = 0x00100010
CHARACTER_SET = 0x00080005
UNKNOWN, COMBINATION = "value.character-set-unknown", "value.character-set-combination"
UNDECODABLE, MISSING = "value.undecodable", "value.character-set-missing"


def even(value: bytes) -> bytes:
    return value + b" " * (len(value) % 2)


def named(declared: bytes | None, name: bytes) -> list[Finding]:
    declaration = None if declared is None else ("CS", even(declared))
    dataset = changed(dicom.ct(), {CHARACTER_SET: declaration, NAME: ("PN", even(name))})
    return findings_in(dicom.part10(dataset), "value")


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings]


# The examples of PS3.5 annexes H, I, J and K, and a letter of each other set.
TEXTS = [
    (b"ISO_IR 100", "Buc^Jérôme", "Buc^Jérôme".encode("latin-1")),
    (b"ISO_IR 101", "Wałęsa", "Wałęsa".encode("iso8859_2")),
    (b"ISO_IR 109", "ĉ", "ĉ".encode("iso8859_3")),
    (b"ISO_IR 110", "ā", "ā".encode("iso8859_4")),
    (b"ISO_IR 144", "Люк", "Люк".encode("iso8859_5")),
    (b"ISO_IR 127", "قباني^لنزار", "قباني^لنزار".encode("iso8859_6")),
    (b"ISO_IR 126", "Διονυσιος", "Διονυσιος".encode("iso8859_7")),
    (b"ISO_IR 138", "שרון^דבורה", "שרון^דבורה".encode("iso8859_8")),
    (b"ISO_IR 148", "Çavuşoğlu", "Çavuşoğlu".encode("iso8859_9")),
    (b"ISO_IR 203", "Œuvre€", "Œuvre€".encode("iso8859_15")),
    (b"ISO_IR 166", "ดิน", "ดิน".encode("iso8859_11")),
    (b"ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3"),
    (b"ISO_IR 192", "Wang^XiaoDong=王^小東", "Wang^XiaoDong=王^小東".encode()),
    (b"GB18030", "Wang^XiaoDong=王^小东", "Wang^XiaoDong=王^小东".encode("gb18030")),
    (b"GBK", "王^小东", "王^小东".encode("gbk")),
    (
        b"\\ISO 2022 IR 87",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    ),
    (
        b"ISO 2022 IR 13\\ISO 2022 IR 87",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
    ),
    (
        b"\\ISO 2022 IR 149",
        "Hong=洪^吉洞=홍^길동",
        b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    ),
    (
        b"\\ISO 2022 IR 58",
        "Zhang^XiaoDong=张^小东",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
    ),
    (b"\\ISO 2022 IR 159", "丂^丂", b"\x1b$(D0!\x1b(B^\x1b$(D0!\x1b(B"),
    (
        b"ISO 2022 IR 100\\ISO 2022 IR 144",
        "é^Л",
        b"\xe9^\x1b-L\xbb",
    ),
    # After a delimiter the first set is in force again (PS3.5 6.1.2.5.3).
    (b"ISO 2022 IR 100\\ISO 2022 IR 149", "ç^ㅊ^ç", b"\xe7^\x1b$)C\xa4\xba^\xe7"),
]


@pytest.mark.parametrize(
    ("declared", "text", "encoded"), TEXTS, ids=[repr(declared) for declared, *_ in TEXTS]
)
def test_text_is_decoded_as_declared(declared: bytes, text: str, encoded: bytes) -> None:
    decoded = declaration(declared).characters.decode(encoded, vrs.CODES[b"PN"])

    assert decoded.values == [text]
    assert named(declared, encoded) == []


@pytest.mark.parametrize(
    ("declared", "encoded"),
    [
        (b"ISO_IR 192", "Müller".encode("latin-1")),
        (b"ISO_IR 100", "\u201cMüller\u201d".encode("cp1252")),
        (b"ISO_IR 127", b"\xa1"),
        (b"ISO_IR 166", b"\xfc"),
        (b"ISO_IR 13", "山田".encode("shift_jis")),
        (b"GB18030", b"\xff\xff"),
        (b"GBK", b"\x80"),
        (b"\\ISO 2022 IR 87", b"\x1b$B;3E\x1b(B"),
        (b"\\ISO 2022 IR 87", b"\x1b$)C\xfb\xf3"),
        (b"\\ISO 2022 IR 87", b"M\xfcller"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xfb"),
        (b"\\ISO 2022 IR 149", b"Hong=\x1b$)C\xfb\xf3^\xd1\xce\xd4\xd7"),
        (b"\\ISO 2022 IR 159", b"\x1b$(D0\x1b(B"),
    ],
)
def test_bytes_that_are_no_characters_are_found(declared: bytes, encoded: bytes) -> None:
    [finding] = named(declared, encoded)

    assert finding.code == UNDECODABLE
    assert finding.path == "(0010,0010)"
    assert "not shown" in (finding.found or "")


def test_text_beyond_ascii_needs_a_character_set() -> None:
    assert named(None, b"Mueller") == []
    [utf_8] = named(None, "Müller".encode())
    [other] = named(b"", "Müller".encode("latin-1"))

    assert (utf_8.code, utf_8.found) == (MISSING, "bytes beyond ASCII that are valid UTF-8")
    assert (other.code, other.found) == (MISSING, "bytes beyond ASCII, not UTF-8")


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        (b"ISO_IR 6", UNKNOWN),
        (b"ISO-IR 100", UNKNOWN),
        (b"ISO_IR 999", UNKNOWN),
        (b"ISO_IR 87", UNKNOWN),
        (b"UTF-8", UNKNOWN),
        (b"iso_ir 100", UNKNOWN),
        (b"\\ISO 2022 IR 999", UNKNOWN),
        (b"ISO_IR 192\\ISO 2022 IR 87", COMBINATION),
        (b"\\ISO_IR 192", COMBINATION),
        (b"GB18030\\ISO 2022 IR 100", COMBINATION),
        (b"ISO_IR 100\\ISO 2022 IR 87", COMBINATION),
        (b"\\ISO_IR 100", COMBINATION),
        (b"ISO 2022 IR 87", COMBINATION),
        (b"ISO 2022 IR 149\\ISO 2022 IR 100", COMBINATION),
        # Without another value there are no code extensions (PS3.5 6.1.2.5.4).
        (b"ISO 2022 IR 100", COMBINATION),
        (b"ISO 2022 IR 6", COMBINATION),
    ],
)
def test_terms_that_do_not_exist_or_go_together_are_found(declared: bytes, code: str) -> None:
    [finding] = named(declared, b"Doe^Jane")

    assert finding.code == code
    assert finding.path == "(0008,0005)"


@pytest.mark.parametrize(
    "declared",
    [
        b"ISO_IR 100",
        b"ISO_IR 192 ",
        b"",
        b"  ",
        b"ISO_IR 203",
        b"ISO 2022 IR 6\\ISO 2022 IR 87",
        b"\\ISO 2022 IR 87\\ISO 2022 IR 159",
        b"ISO 2022 IR 13\\ISO 2022 IR 87",
        b"ISO 2022 IR 100\\ISO 2022 IR 101\\ISO 2022 IR 149\\ISO 2022 IR 58",
    ],
)
def test_terms_of_the_standard_are_legal(declared: bytes) -> None:
    assert named(declared, b"Doe^Jane") == []


def test_text_in_an_unknown_character_set_is_not_judged_by_its_characters() -> None:
    for name in ("Müller".encode("latin-1"), "“Müller”".encode(), b"\x1b$B;3ED\x1b(B"):
        assert codes(named(b"ISO-IR 100", name)) == [UNKNOWN]


def test_text_that_cannot_be_decoded_is_not_called_too_long_as_well() -> None:
    name = ("ü" * 60).encode()
    assert codes(named(b"ISO_IR 127", name)) == [UNDECODABLE]
    assert codes(named(None, name)) == [MISSING]


def test_a_text_of_two_byte_characters_switches_back_at_its_end() -> None:
    declared = b"\\ISO 2022 IR 87\\ISO 2022 IR 149"
    assert codes(named(declared, b"\x1b$B;3ED\x1b(B")) == []
    assert codes(named(declared, b"\x1b$)C\xfb\xf3")) == []  # ASCII stays in the other half

    for name in (b"\x1b$B;3ED", b"\x1b$B;3ED\r\n\x1b$B;3ED\x1b(B"):
        assert "value.character-set-left-open" in codes(named(declared, name))


def test_an_escape_sequence_without_code_extensions_is_a_control_character() -> None:
    assert codes(named(b"ISO_IR 100", b"\x1b$B;3ED\x1b(B")) == ["value.control-character"]


def test_a_second_byte_that_looks_like_a_backslash_separates_nothing() -> None:
    letter = b"\x81\\"
    dataset = changed(
        dicom.ct(),
        {CHARACTER_SET: ("CS", b"GBK "), 0x00081030: ("LO", letter * 20)},
    )

    assert findings_in(dicom.part10(dataset), "value") == []


def test_text_of_two_byte_characters_is_counted_in_characters() -> None:
    for count, expected in ((64, []), (65, ["value.text-too-long"])):
        name = b"\x1b$B" + b";3" * count + b"\x1b(B"
        assert codes(named(b"\\ISO 2022 IR 87", name)) == expected


def test_the_character_set_of_an_item_holds_for_it_and_what_it_encloses() -> None:
    name = dicom.element(NAME, "PN", even("Müller".encode()))
    outer = dicom.element(0x00081140, "SQ", dicom.item(name))
    utf_8 = dicom.element(CHARACTER_SET, "CS", b"ISO_IR 192")
    for items, expected in (
        (dicom.item(utf_8 + name), []),
        (dicom.item(utf_8 + outer), []),
        (dicom.item(utf_8 + outer) + dicom.item(name), [MISSING]),
        (dicom.item(outer), [MISSING]),
    ):
        dataset = changed(dicom.ct(), {CHARACTER_SET: None, 0x00081115: ("SQ", items)})
        assert codes(findings_in(dicom.part10(dataset), "value")) == expected


def test_an_item_may_replace_the_character_set_of_the_data_set() -> None:
    latin = dicom.element(CHARACTER_SET, "CS", b"ISO_IR 100")
    name = dicom.element(NAME, "PN", "Mül ".encode("latin-1"))
    changes = {CHARACTER_SET: ("CS", b"ISO_IR 192"), 0x00081115: ("SQ", dicom.item(latin + name))}
    assert findings_in(dicom.part10(dicom.ct() | changes), "value") == []

    changes[0x00081115] = ("SQ", dicom.item(name))
    found = findings_in(dicom.part10(dicom.ct() | changes), "value")
    assert codes(found) == [UNDECODABLE]
