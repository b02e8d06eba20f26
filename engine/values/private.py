"""Private elements and the creators that reserve their blocks (PS3.5 7.8.1)."""

from collections.abc import Sequence

from engine.encoding import vr as vrs
from engine.encoding.elements import Element, Elements
from engine.findings import Findings
from engine.rule import Rule
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
        rows: those of the elements with odd group numbers, group lengths left out.
        findings: takes what is wrong.
    """

    def report(rule: Rule, row: int, expected: str | None = None, found: str | None = None) -> None:
        findings.add(rule, Violation(Element(elements, row), expected, found))

    tags, parents, reserved = elements.tags, elements.parents, set()
    creators: dict[tuple[int, int, bytes], int] = {}
    for row in rows:
        tag, parent = tags[row], parents[row]
        if not _FIRST_CREATOR <= tag & 0xFFFF <= _LAST_CREATOR:
            continue
        reserved.add((parent, tag >> 16, tag & 0xFFFF))
        name = Element(elements, row).value(_CREATOR_LENGTH).strip(_PADDING)
        if found := _creator_defect(elements.vrs[row], name):
            report(rules.CREATOR_INVALID, row, "one value of VR LO", found)
        elif creators.setdefault((parent, tag >> 16, name), row) != row:
            report(rules.CREATOR_DUPLICATE, row)
    for row in rows:
        group, number = tags[row] >> 16, tags[row] & 0xFFFF
        if group in _FORBIDDEN_GROUPS:
            report(rules.GROUP_FORBIDDEN, row)
        elif number < _FIRST_CREATOR or _LAST_CREATOR < number < _FIRST_PRIVATE:
            report(rules.NUMBER_FORBIDDEN, row)
        elif number >= _FIRST_PRIVATE and (parents[row], group, number >> 8) not in reserved:
            report(rules.CREATOR_MISSING, row, f"a creator in ({group:04X},{number >> 8:04X})")


def _creator_defect(vr: int, name: bytes) -> str | None:
    if vr != vrs.LO:
        return f"VR {vrs.NAMES[vr]}"
    if not name:
        return "no value"
    return "several values" if b"\\" in name else None
