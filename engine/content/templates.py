"""The root template of a report: whether it exists, fits the SOP class, and has its items (PS3.16).

Only what a template requires in any case is here, of the templates that are used most.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from engine.content.items import Concept, ContentItem
from engine.encoding.elements import TOP, Element
from engine.rules import sr as rules
from engine.tags import (
    CONCEPT_NAME_CODE_SEQUENCE,
    CONTENT_SEQUENCE,
    CONTENT_TEMPLATE_SEQUENCE,
    MAPPING_RESOURCE,
    TEMPLATE_IDENTIFIER,
)
from engine.violation import Absent, RuleViolation, Violation

_DCMR = "DCMR"
_SR = "1.2.840.10008.5.1.4.1.1.88."
_HUNDREDS = frozenset(
    {
        *range(3, 4),
        *range(10, 22),
        24,
        *range(30, 40),
        *range(40, 44),
        *range(50, 54),
        70,
        *range(80, 84),
        *range(90, 93),
        *range(100, 102),
        *range(110, 114),
        *range(120, 122),
        *range(151, 154),
    }
)
"""The hundreds in which PS3.16 numbers its templates, TID 300 to 15303."""
_ROOTS: Mapping[str, frozenset[str]] = {
    f"{_SR}50": frozenset({"4000"}),
    f"{_SR}59": frozenset({"2010"}),
    f"{_SR}65": frozenset({"4100"}),
    f"{_SR}67": frozenset({"10001", "10011"}),
    f"{_SR}68": frozenset({"10021"}),
    f"{_SR}69": frozenset({"4120"}),
    f"{_SR}72": frozenset({"5300"}),
    f"{_SR}73": frozenset({"10030"}),
    f"{_SR}76": frozenset({"10040"}),
}
"""The root templates that a SOP class requires (PS3.3 A.35)."""


class _Row(NamedTuple):
    """An item that a template requires."""

    name: str
    code: str
    parent: str = ""
    """The code of the items that have it; empty for the root."""


class _Template(NamedTuple):
    titles: frozenset[Concept]
    """What the root may be called; empty if it is not said here."""
    rows: tuple[_Row, ...] = ()


def _titled(code: str, *rows: _Row) -> _Template:
    return _Template(frozenset({(code, "DCM")}), rows)


_DOSE = (
    _Row("Procedure reported", "121058"),
    _Row("Scope of Accumulation", "113705"),
    _Row("Source of Dose Information", "113854"),
)
_DETECTION = (
    _Row("Image Library", "111028"),
    _Row("CAD Processing and Findings Summary", "111017"),
    _Row("Summary of Detections", "111064"),
    _Row("Summary of Analyses", "111065"),
)
_CT_ACQUISITION, _CT_ACCUMULATED = "113819", "113811"
_TEMPLATES: Mapping[str, _Template] = {
    "1500": _titled("126000", _Row("Procedure reported", "121058")),
    "4000": _titled("111036", *_DETECTION),
    "4100": _titled("112000", *_DETECTION),
    "4120": _titled("112220"),
    "5200": _titled("125200"),
    "10001": _titled("113701", *_DOSE, _Row("Accumulated X-Ray Dose Data", "113702")),
    "10011": _titled(
        "113701",
        *_DOSE,
        _Row("Start of X-Ray Irradiation", "113809"),
        _Row("End of X-Ray Irradiation", "113810"),
        _Row("CT Accumulated Dose Data", _CT_ACCUMULATED),
        _Row("Total Number of Irradiation Events", "113812", _CT_ACCUMULATED),
        _Row("CT Dose Length Product Total", "113813", _CT_ACCUMULATED),
        _Row("CT Acquisition", _CT_ACQUISITION),
        _Row("CT Acquisition Type", "113820", _CT_ACQUISITION),
        _Row("Irradiation Event UID", "113769", _CT_ACQUISITION),
        _Row("CT Acquisition Parameters", "113822", _CT_ACQUISITION),
    ),
    "10021": _titled("113500"),
}


def template_violations(
    sop_class: str, root: ContentItem, items: Mapping[int, ContentItem]
) -> Iterator[RuleViolation]:
    """What is wrong with the templates that items name, and with the root as its template has it.

    Args:
        sop_class: of the report.
        root: of the tree.
        items: all content items, by their rows.
    """
    for item in items.values():
        identifier = _identifier(item)
        if identifier is not None and not _exists(identifier.text()):
            yield rules.TEMPLATE_UNKNOWN, Violation(identifier, "the number of a template")
    identifier = _identifier(root)
    if identifier is None:
        return
    number = identifier.text()
    allowed = _ROOTS.get(sop_class)
    if allowed and number not in allowed:
        expected = "template " + " or ".join(sorted(allowed))
        yield rules.ROOT_TEMPLATE, Violation(identifier, expected, value=identifier.value(64))
    template = _TEMPLATES.get(number)
    if template:
        for rule, violation in _against(template, root, items):
            yield rule, violation._replace(section=f"PS3.16 TID {number}")


def _against(
    template: _Template, root: ContentItem, items: Mapping[int, ContentItem]
) -> Iterator[RuleViolation]:
    concept = root.concept
    if concept and template.titles and concept not in template.titles:
        expected = " or ".join(f"({', '.join(title)})" for title in sorted(template.titles))
        yield rules.TEMPLATE_TITLE, Violation(CONCEPT_NAME_CODE_SEQUENCE, expected, "another title")
    present = {(item.parent, item.concept[0]) for item in items.values() if item.concept}
    for row in template.rows:
        for parent in _parents(row, root, items):
            if (parent.row, row.code) not in present:
                expected = f"an item ({row.code}, DCM, {row.name})"
                yield rules.TEMPLATE_ROW, Violation(_content_of(parent), expected, "none")


def _parents(
    row: _Row, root: ContentItem, items: Mapping[int, ContentItem]
) -> Iterable[ContentItem]:
    if not row.parent:
        return (root,)
    return (item for item in items.values() if item.concept == (row.parent, "DCM"))


def _content_of(item: ContentItem) -> Element | Absent | int:
    """Where the children of an item are, or would be."""
    content = item.element(CONTENT_SEQUENCE)
    if content is not None:
        return content
    if item.row == TOP:
        return CONTENT_SEQUENCE
    return Absent(Element(item.dataset, item.row), CONTENT_SEQUENCE)


def _identifier(item: ContentItem) -> Element | None:
    """The identifier of the template of DICOM that an item names; None if it names none."""
    sequence = item.element(CONTENT_TEMPLATE_SEQUENCE)
    template = next(sequence.children(), None) if sequence else None
    if template is None:
        return None
    level = item.dataset.level(template.row)
    resource, identifier = level.get(MAPPING_RESOURCE), level.get(TEMPLATE_IDENTIFIER)
    if identifier is None or resource is None:
        return None
    is_dicom = Element(item.dataset, resource).text() == _DCMR
    return Element(item.dataset, identifier) if is_dicom else None


def _exists(number: str) -> bool:
    """Whether a template may have the number; not all of a hundred are taken."""
    return number.isdigit() and number[0] != "0" and int(number[:6]) // 100 in _HUNDREDS
