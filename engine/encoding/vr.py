"""Value representations: their codes, their header forms, and the VR of a tag in implicit VR."""

from engine.standard.facts import vr_of

_ALL = (
    b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US "
    b"OB OD OF OL OV OW SQ SV UC UN UR UT UV"
)

CODES = {letters: code for code, letters in enumerate(_ALL.split(), start=1)}
"""The code of each VR, by its two letters as they are in an explicit VR header."""
NAMES = ("", *(letters.decode() for letters in CODES))
"""The VR of each code."""
FIRST_LONG = CODES[b"OB"]
"""From this code on the length field has 32 bits, after two reserved bytes (PS3.5 7.1.2)."""

NONE = 0
"""What items and fragments have instead of a VR."""
LO = CODES[b"LO"]
SQ = CODES[b"SQ"]
UI = CODES[b"UI"]
UL = CODES[b"UL"]
UN = CODES[b"UN"]
US = CODES[b"US"]

TEXT = frozenset(
    CODES[letters] for letters in b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split()
)
"""Character strings, which are padded with spaces (UI: with a null)."""
FRAGMENTED = frozenset(CODES[letters] for letters in b"OB OW OD OF OL OV".split())
"""An undefined length means fragments (PS3.5 A.4)."""

# The dictionary leaves the VR of some elements to other elements of the data set (PS3.5 A.1);
# both candidates have the same header and nothing here depends on which of them it is.
_AMBIGUOUS = {"US or SS": b"US", "US or SS or OW": b"OW", "US or OW": b"OW", "OB or OW": b"OW"}


class _DictionaryVRs(dict[int, int]):
    """Remembers the tags it was asked for, except unknown ones: those could fill the memory."""

    def __missing__(self, tag: int) -> int:
        group, number = tag >> 16, tag & 0xFFFF
        if number == 0:
            return UL
        if group & 1:
            return LO if 0x10 <= number <= 0xFF else UN  # private creator, private element
        name = vr_of(tag)
        if name is None:
            return UN
        code = CODES.get(_AMBIGUOUS.get(name, name.encode()), UN)
        self[tag] = code
        return code


BY_TAG = _DictionaryVRs()
"""The VR code of a tag according to the data dictionary; UN for what is not in it."""
