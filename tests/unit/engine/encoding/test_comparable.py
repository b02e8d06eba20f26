"""Values are compared by what they say, however they are written."""

import pytest

from engine.encoding import vr as vrs
from engine.encoding.character_sets import declaration
from engine.encoding.comparable import Comparable, agreeing, comparable


def said(vr: str, value: bytes, charset: bytes = b"ISO_IR 100") -> Comparable:
    characters = declaration(charset).characters
    return comparable(vrs.CODES[vr.encode()], value, "little", characters)


def agree(*values: Comparable) -> bool:
    return len(set(agreeing(set(values)).values())) == 1


SAME = [
    ("PN", b"Miller^Richard", b"Miller^Richard^^^ "),
    ("PN", b"Miller^Richard", b"Miller^Richard=="),
    ("PN", b"Miller^Richard", b"Miller^Richard^^^=^^= "),
    ("PN", b"Miller^Richard", b" Miller ^ Richard "),
    ("PN", b"A^B=C^D", b"A^B^=C^D^^^="),
    ("PN", b"A^B\\C", b"A^B^^ \\C^^"),
    ("PN", b"", b"^^^^"),
    ("PN", b" ", b"=="),
    ("LO", b"Chest CT", b" Chest CT  "),
    ("SH", b"A1", b"A1\0"),
    ("CS", b"CHEST ", b" CHEST"),
    ("ST", b"line\r\n ", b"line\r\n"),
    ("IS", b"7 ", b"007"),
    ("IS", b"+7", b" 7"),
    ("IS", b"0", b"-0"),
    ("DS", b"0.5", b"+.50"),
    ("DS", b"100", b"1.0E2"),
    ("DS", b"1\\2", b"1.0\\ 2.00"),
    ("DA", b"20240301", b"2024.03.01"),
    ("TM", b"101500", b"101500.000000"),
    ("TM", b"101500", b"10:15:00"),
    ("TM", b"101500.5", b"101500.500"),
    ("TM", b"101500", b"101500.123456"),
    ("TM", b"101500.123", b"101500.123456"),
    ("TM", b"1015", b"101500"),
    ("TM", b"10", b"101530.5 "),
    ("UI", b"1.2\0", b"1.2"),
    ("US", b"\7\0", b"\7\0"),
]
OTHER = [
    ("PN", b"Miller^Richard", b"Miller^Rachel"),
    ("PN", b"Miller^Richard", b"Miller^^Richard"),
    ("PN", b"Miller^Richard", b"=Miller^Richard"),
    ("PN", b"Miller^Richard", b"Miller Richard"),
    ("PN", b"Miller", b""),
    ("LO", b"007", b"7"),
    ("LO", b"a  b", b"a b"),
    ("ST", b" indented", b"indented"),
    ("IS", b"7", b"70"),
    ("DS", b"1\\2", b"2\\1"),
    ("DS", b"1e2", b"1e3"),
    ("DA", b"20240301", b"20240302"),
    ("TM", b"101500", b"101501"),
    ("TM", b"101500.1", b"101500.2"),
    ("TM", b"101500", b""),
    ("US", b"\7\0", b"\0\7"),
    ("IS", b"x", b"7"),
]


@pytest.mark.parametrize(("vr", "one", "other"), SAME)
def test_spellings_of_one_value(vr: str, one: bytes, other: bytes) -> None:
    assert agree(said(vr, one), said(vr, other))


@pytest.mark.parametrize(("vr", "one", "other"), OTHER)
def test_different_values(vr: str, one: bytes, other: bytes) -> None:
    assert not agree(said(vr, one), said(vr, other))


def test_a_text_in_several_character_sets() -> None:
    assert agree(
        said("PN", "Müller^Jörg".encode("latin-1"), b"ISO_IR 100"),
        said("PN", "Müller^Jörg".encode(), b"ISO_IR 192"),
        said("PN", "Mu\u0308ller^Jo\u0308rg".encode(), b"ISO_IR 192"),
    )
    assert agree(
        said("PN", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", b"\\ISO 2022 IR 87"),
        said("PN", "Yamada^Tarou=山田^太郎".encode(), b"ISO_IR 192"),
    )
    assert not agree(said("LO", b"\xe9"), said("LO", b"\xe9", b"ISO_IR 101 "), said("LO", b"e"))


def test_two_times_with_fractions_are_two_though_a_third_fits_both() -> None:
    times = [said("TM", time) for time in (b"101500", b"101500.1", b"101500.2")]

    assert len(set(agreeing(set(times)).values())) == 2


def test_bytes_that_are_no_characters_are_compared_as_bytes() -> None:
    assert said("LO", b"\xff", b"ISO_IR 192") == said("LO", b"\xff ", b"ISO_IR 192")
    assert said("LO", b"\xff", b"ISO_IR 192") != said("LO", b"\xfe", b"ISO_IR 192")
