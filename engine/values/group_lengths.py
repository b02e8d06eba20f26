"""Group lengths in the data set: retired, and sometimes wrong (PS3.5 7.2)."""

from collections.abc import Sequence

from engine.encoding import vr as vrs
from engine.encoding.elements import TOP, Element, Elements
from engine.findings import Findings
from engine.rules import structure as rules
from engine.violation import Violation

_SHORT_HEADER, _LONG_HEADER = 8, 12


def check(elements: Elements, rows: Sequence[int], findings: Findings) -> None:
    """Check the group lengths of a data set.

    Args:
        elements: the table.
        rows: those of the group lengths.
        findings: collects the violations.
    """
    for row in rows:
        findings.add(rules.GROUP_LENGTH_RETIRED, Violation(Element(elements, row)))
    at_top = {elements.tags[row] >> 16: row for row in rows if elements.parents[row] == TOP}
    if not at_top:
        return
    ends = _group_ends(elements)
    for group, row in at_top.items():
        element = Element(elements, row)
        declared = element.integer()
        if group in ends and declared is not None:
            actual = ends[group] - element.offset - element.length
            if declared != actual:
                violation = Violation(element, f"{actual}", f"{declared}")
                findings.add(rules.GROUP_LENGTH_WRONG, violation)


def _group_ends(elements: Elements) -> dict[int, int]:
    """Where the elements of each group at the top end, in bytes."""
    ends: dict[int, int] = {}
    previous = None
    for row, (tag, parent) in enumerate(zip(elements.tags, elements.parents, strict=True)):
        if parent == TOP and tag >> 16 != previous:
            if previous is not None:
                ends.setdefault(previous, _header_start(elements, row))
            previous = tag >> 16
    if previous is not None and elements.is_whole:
        ends.setdefault(previous, elements.end)
    return ends


def _header_start(elements: Elements, row: int) -> int:
    """Where an element starts; only its own bytes show whether its header is an explicit one."""
    offset = elements.offsets[row]
    letters = vrs.NAMES[elements.vrs[row]].encode()
    before = bytes(elements.data[max(offset - _LONG_HEADER, 0) : offset])
    is_long = elements.vrs[row] >= vrs.FIRST_LONG and before[4:6] == letters
    return offset - (_LONG_HEADER if is_long else _SHORT_HEADER)
