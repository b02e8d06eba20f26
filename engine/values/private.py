"""Private elements and the creators that reserve their blocks (PS3.5 7.8.1)."""

from collections.abc import Sequence

from engine.encoding import vr as vrs
from engine.encoding.elements import Element, Elements
from engine.findings import Findings
from engine.rules import private as rules
from engine.violation import Violation

_FORBIDDEN_GROUPS = frozenset({0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF})
_FIRST_CREATOR, _LAST_CREATOR, _FIRST_PRIVATE = 0x0010, 0x00FF, 0x1000
_CREATOR_LENGTH = 128
_PADDING = b" \0"


def check(elements: Elements, rows: Sequence[int], findings: Findings) -> None:
    """Check the private elements of a table.

    Args:
        elements: the table.
        rows: those of the elements with odd group numbers, without group lengths.
        findings: collects the violations.
    """
    reserved = _check_creators(elements, rows, findings)
    for row in rows:
        tag, parent, at = elements.tags[row], elements.parents[row], Element(elements, row)
        group, number = tag >> 16, tag & 0xFFFF
        if group in _FORBIDDEN_GROUPS:
            findings.add(rules.GROUP_FORBIDDEN, Violation(at))
        elif number < _FIRST_CREATOR or _LAST_CREATOR < number < _FIRST_PRIVATE:
            findings.add(rules.NUMBER_FORBIDDEN, Violation(at))
        elif number >= _FIRST_PRIVATE and (parent, group, number >> 8) not in reserved:
            expected = f"a creator in ({group:04X},{number >> 8:04X})"
            findings.add(rules.CREATOR_MISSING, Violation(at, expected))


def _check_creators(
    elements: Elements, rows: Sequence[int], findings: Findings
) -> set[tuple[int, int, int]]:
    """The blocks that are reserved: row of the item, group, and first half of the numbers."""
    reserved = set()
    creators: dict[tuple[int, int, bytes], int] = {}
    for row in rows:
        tag, parent = elements.tags[row], elements.parents[row]
        if not _FIRST_CREATOR <= tag & 0xFFFF <= _LAST_CREATOR:
            continue
        reserved.add((parent, tag >> 16, tag & 0xFFFF))
        at = Element(elements, row)
        name = at.value(_CREATOR_LENGTH).strip(_PADDING)
        if found := _invalid_creator(elements.vrs[row], name):
            findings.add(rules.CREATOR_INVALID, Violation(at, "one value of VR LO", found))
        elif creators.setdefault((parent, tag >> 16, name), row) != row:
            findings.add(rules.CREATOR_DUPLICATE, Violation(at))
    return reserved


def _invalid_creator(vr: int, name: bytes) -> str | None:
    if vr != vrs.LO:
        return f"VR {vrs.NAMES[vr]}"
    if not name:
        return "no value"
    return "several values" if b"\\" in name else None
