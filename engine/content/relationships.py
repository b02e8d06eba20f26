"""Which items may have which children, by SOP class (PS3.3 A.35), and what references lead to.

The tables are those of the standard as DCMTK's constraint checkers know them (edition 2021), with
what later corrections allow everywhere: an observation context may be a container (CP 2084), and a
person has properties.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.content.items import ContentItem
from engine.encoding.elements import TOP, Element, Elements
from engine.rules import sr as rules
from engine.tags import CONTENT_SEQUENCE, REFERENCED_CONTENT_ITEM_IDENTIFIER, RELATIONSHIP_TYPE
from engine.violation import RuleViolation, Violation

_MOST_STEPS = 64
"""How long an identifier of a content item is that is followed, in numbers."""
_ROOT = 1

Kinds = frozenset[str]


def _kinds(text: str) -> Kinds:
    return frozenset(text.split())


_TEXTS = "TEXT CODE DATETIME DATE TIME UIDREF PNAME"
_SOURCES = "IMAGE WAVEFORM COMPOSITE"
_VALUES = "TEXT CODE NUM"
_PERSON = ("HAS PROPERTIES", "PNAME", _TEXTS)
_OBSERVED = ("HAS OBS CONTEXT", "CONTAINER", "CONTAINER")


class _Sources(NamedTuple):
    """A row of a table: which items may have which children by a relationship."""

    parents: Kinds
    children: Kinds


class _Table(NamedTuple):
    """The relationships that a SOP class allows.

    Attributes:
        rows: by relationship.
        section: of PS3.3.
        by_reference: whether an item may stand for another one.
    """

    rows: Mapping[str, tuple[_Sources, ...]]
    section: str
    by_reference: bool = False


def _table(section: str, *rows: tuple[str, str, str], by_reference: bool = False) -> _Table:
    table: dict[str, tuple[_Sources, ...]] = {}
    for relationship, parents, children in (*rows, _OBSERVED):
        row = _Sources(_kinds(parents), _kinds(children))
        table[relationship] = (*table.get(relationship, ()), row)
    return _Table(table, section, by_reference)


def _usual(section: str, graphics: str, inside: str, observed: str, **options: bool) -> _Table:
    """The table of enhanced and comprehensive reports.

    Args:
        section: of PS3.3.
        graphics: which items with coordinates there are.
        inside: `CONTAINER` where values may have containers as children.
        observed: what else than containers has an observation context.
        options: those of `_table`.
    """
    everything = f"{_TEXTS} NUM {_SOURCES} {graphics}"
    return _table(
        section,
        ("CONTAINS", "CONTAINER", f"{everything} TABLE CONTAINER"),
        ("HAS OBS CONTEXT", f"CONTAINER {observed}", f"{_TEXTS} NUM COMPOSITE"),
        ("HAS ACQ CONTEXT", f"CONTAINER {_SOURCES} NUM", f"{_TEXTS} NUM {inside}"),
        ("HAS CONCEPT MOD", f"CONTAINER TABLE {everything}", "TEXT CODE"),
        ("HAS PROPERTIES", _VALUES, f"{everything} {inside}"),
        ("INFERRED FROM", _VALUES, f"{everything} {inside}"),
        ("SELECTED FROM", "SCOORD", "IMAGE"),
        ("SELECTED FROM", "TCOORD", f"SCOORD SCOORD3D {_SOURCES}"),
        _PERSON,
        **options,
    )


def _cad(section: str, graphics: str) -> _Table:
    """The table of computer-aided detection; `graphics`: see `_usual`."""
    found = f"CONTAINER TEXT CODE NUM DATE IMAGE WAVEFORM UIDREF {graphics}"
    return _table(
        section,
        ("CONTAINS", "CONTAINER", f"TEXT CODE NUM DATE IMAGE WAVEFORM CONTAINER {graphics}"),
        (
            "HAS OBS CONTEXT",
            f"CONTAINER {_VALUES}",
            "TEXT CODE NUM DATE TIME DATETIME PNAME UIDREF COMPOSITE",
        ),
        ("HAS ACQ CONTEXT", "IMAGE WAVEFORM", "TEXT CODE NUM DATE TIME"),
        ("HAS CONCEPT MOD", "CONTAINER TEXT CODE NUM COMPOSITE", "TEXT CODE"),
        ("HAS PROPERTIES", _VALUES, found),
        ("INFERRED FROM", "CODE NUM", found),
        ("SELECTED FROM", "SCOORD", "IMAGE"),
        ("SELECTED FROM", "TCOORD", "SCOORD IMAGE WAVEFORM"),
        by_reference=True,
    )


def _dose(section: str) -> _Table:
    """The table of radiation doses."""
    everything = "TEXT CODE NUM DATETIME UIDREF PNAME IMAGE COMPOSITE CONTAINER"
    return _table(
        section,
        ("CONTAINS", "CONTAINER", everything),
        ("HAS OBS CONTEXT", "CONTAINER", "TEXT CODE NUM DATETIME UIDREF PNAME"),
        ("HAS OBS CONTEXT", _VALUES, "TEXT CODE NUM DATETIME UIDREF PNAME COMPOSITE"),
        (
            "HAS ACQ CONTEXT",
            "CONTAINER IMAGE COMPOSITE NUM",
            "TEXT CODE NUM DATETIME UIDREF PNAME CONTAINER",
        ),
        ("HAS CONCEPT MOD", everything, "TEXT CODE"),
        ("HAS PROPERTIES", _VALUES, everything),
        ("INFERRED FROM", _VALUES, everything),
        _PERSON,
    )


_SR = "1.2.840.10008.5.1.4.1.1.88."
_FLAT, _SPATIAL = "SCOORD TCOORD", "SCOORD SCOORD3D TCOORD"
_ANYTHING = f"{_TEXTS} NUM {_SOURCES} {_SPATIAL} TABLE CONTAINER"
_OTHERS = (
    "HAS OBS CONTEXT",
    "HAS ACQ CONTEXT",
    "HAS CONCEPT MOD",
    "HAS PROPERTIES",
    "INFERRED FROM",
    "SELECTED FROM",
)
_TABLES: Mapping[str, _Table] = {
    f"{_SR}11": _table(
        "PS3.3 A.35.1.3.1",
        ("CONTAINS", "CONTAINER", f"{_TEXTS} {_SOURCES} CONTAINER"),
        ("HAS OBS CONTEXT", "CONTAINER", f"{_TEXTS} COMPOSITE"),
        ("HAS ACQ CONTEXT", f"CONTAINER {_SOURCES}", _TEXTS),
        ("HAS CONCEPT MOD", f"CONTAINER {_TEXTS} {_SOURCES}", "TEXT CODE"),
        ("HAS PROPERTIES", "TEXT", f"{_TEXTS} {_SOURCES}"),
        ("INFERRED FROM", "TEXT", f"{_TEXTS} {_SOURCES}"),
        _PERSON,
    ),
    f"{_SR}22": _usual("PS3.3 A.35.2.3.1", _FLAT, "", ""),
    f"{_SR}33": _usual("PS3.3 A.35.3.3.1", _FLAT, "CONTAINER", _VALUES, by_reference=True),
    f"{_SR}34": _usual("PS3.3 A.35.13.3.1", _SPATIAL, "CONTAINER", _VALUES, by_reference=True),
    f"{_SR}35": _table(
        "PS3.3 A.35.15.3.1",
        ("CONTAINS", "CONTAINER", _ANYTHING),
        *((relationship, _ANYTHING, _ANYTHING) for relationship in _OTHERS),
        by_reference=True,
    ),
    f"{_SR}40": _table(
        "PS3.3 A.35.7.3.1",
        ("CONTAINS", "CONTAINER", f"TEXT CODE NUM PNAME DATETIME {_SOURCES} CONTAINER"),
        ("HAS OBS CONTEXT", f"CONTAINER {_TEXTS} NUM {_SOURCES}", f"{_TEXTS} NUM"),
        ("HAS ACQ CONTEXT", f"CONTAINER {_SOURCES}", f"{_TEXTS} NUM"),
        ("HAS CONCEPT MOD", f"CONTAINER {_TEXTS} NUM {_SOURCES}", "TEXT CODE"),
        ("HAS PROPERTIES", f"{_TEXTS} NUM {_SOURCES}", f"{_TEXTS} NUM"),
        ("INFERRED FROM", _VALUES, _SOURCES),
    ),
    f"{_SR}50": _cad("PS3.3 A.35.5.3.1", "SCOORD"),
    f"{_SR}59": _table(
        "PS3.3 A.35.4.3.1",
        ("CONTAINS", "CONTAINER", f"TEXT {_SOURCES}"),
        ("HAS OBS CONTEXT", "CONTAINER", "TEXT CODE UIDREF PNAME"),
        ("HAS CONCEPT MOD", "CONTAINER", "CODE"),
    ),
    f"{_SR}65": _cad("PS3.3 A.35.6.3.1", _FLAT),
    f"{_SR}67": _dose("PS3.3 A.35.8.3.1"),
    f"{_SR}69": _cad("PS3.3 A.35.10.3.1", _FLAT),
}


def relationship_violations(
    sop_class: str, items: Mapping[int, ContentItem]
) -> Iterator[RuleViolation]:
    """Children that their parents must not have, and references that lead nowhere.

    Args:
        sop_class: of the report; only references are checked where its table is not known.
        items: all content items, by their rows.
    """
    table, children = _TABLES.get(sop_class), _Children()
    for item in items.values():
        if item.row == TOP:
            continue
        target = item
        if item.is_reference:
            found = _target(item.element(REFERENCED_CONTENT_ITEM_IDENTIFIER), children)
            if found is None or found not in items:
                yield rules.REFERENCE_DANGLING, _at_identifier(item, "an item of the content")
                continue
            target = items[found]
            if _is_above(items, found, item.row):
                yield rules.REFERENCE_LOOP, _at_identifier(item, "an item that is not above it")
                continue
        parent = items.get(item.parent)
        if table and parent:
            yield from _against(table, parent, item, target)


def _against(
    table: _Table, parent: ContentItem, item: ContentItem, target: ContentItem
) -> Iterator[RuleViolation]:
    relationship, kinds = item.relationship, (parent.value_type, target.value_type)
    if item.is_reference and not table.by_reference:
        violation = _at_identifier(item, "an item by value")
        yield rules.RELATIONSHIP, violation._replace(section=table.section)
    elif relationship and all(kinds):
        rows = table.rows.get(relationship, ())
        if not any(kinds[0] in row.parents and kinds[1] in row.children for row in rows):
            at = item.element(RELATIONSHIP_TYPE)
            expected = f"an item that {kinds[0]} may have by this relationship"
            yield rules.RELATIONSHIP, Violation(at, expected, kinds[1], section=table.section)


def _at_identifier(item: ContentItem, expected: str) -> Violation:
    return Violation(item.element(REFERENCED_CONTENT_ITEM_IDENTIFIER), expected)


class _Children:
    """The items of the content of an item, listed once however many identifiers lead there."""

    def __init__(self) -> None:
        self._rows: dict[int, list[int]] = {}

    def of(self, dataset: Elements, row: int) -> list[int]:
        """The rows of the children of an item."""
        if row not in self._rows:
            content = dataset.level(row).get(CONTENT_SEQUENCE)
            self._rows[row] = [] if content is None else list(dataset.children(content))
        return self._rows[row]


def _target(identifier: Element | None, children: _Children) -> int | None:
    """The row of the item that an identifier leads to; None if it leads nowhere (C.17.3.2.5)."""
    numbers = identifier.values() if identifier else ()
    if identifier is None or not numbers or numbers[0] != _ROOT or len(numbers) > _MOST_STEPS:
        return None
    row = TOP
    for number in numbers[1:]:
        rows = children.of(identifier.elements, row)
        if not isinstance(number, int) or not 1 <= number <= len(rows):
            return None
        row = rows[number - 1]
    return row


def _is_above(items: Mapping[int, ContentItem], above: int, row: int) -> bool:
    while row != TOP:
        if row == above:
            return True
        row = items[row].parent if row in items else TOP
    return above == TOP
