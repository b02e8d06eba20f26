"""Checks the content of a structured report: all items in one pass over the tree."""

from collections.abc import Iterator
from itertools import islice

from engine.content.graphics import graphic_violations
from engine.content.items import ContentItem, content_items
from engine.content.relationships import relationship_violations
from engine.content.templates import template_violations
from engine.encoding.elements import TOP, Element
from engine.findings import Findings
from engine.instance import Instance
from engine.rules import sr as rules
from engine.tags import (
    CONCEPT_CODE_SEQUENCE,
    CONCEPT_NAME_CODE_SEQUENCE,
    CONTENT_SEQUENCE,
    CONTENT_TEMPLATE_SEQUENCE,
    MEASURED_VALUE_SEQUENCE,
    MEASUREMENT_UNITS_CODE_SEQUENCE,
    NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE,
    REFERENCED_SOP_SEQUENCE,
    SOP_CLASS_UID,
    VALUE_TYPE,
)
from engine.violation import RuleViolation, Violation

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
_KEY_OBJECTS = f"{_REPORTS}59"
_SINGLE = (
    CONCEPT_NAME_CODE_SEQUENCE,
    CONCEPT_CODE_SEQUENCE,
    MEASURED_VALUE_SEQUENCE,
    NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE,
    REFERENCED_SOP_SEQUENCE,
    CONTENT_TEMPLATE_SEQUENCE,
)
"""Sequences that have at most one item."""
_CONTAINER = "CONTAINER"
_REFERENCES = {"IMAGE", "WAVEFORM", "COMPOSITE"}


def check_content(instance: Instance, findings: Findings) -> None:
    """Check the content of a structured report.

    Args:
        instance: the instance; nothing happens if it is no structured report.
        findings: collects the violations.
    """
    sop_class = instance.dataset.text(SOP_CLASS_UID)
    if sop_class.startswith(_REPORTS) and instance.dataset.complete:
        for rule, violation in _violations(instance, sop_class):
            findings.add(rule, violation)


def _violations(instance: Instance, sop_class: str) -> Iterator[RuleViolation]:
    dataset = instance.dataset
    items = {item.row: item for item in content_items(dataset)}
    root = items[TOP]
    if root.value_type and root.value_type != _CONTAINER:
        at = root.element(VALUE_TYPE)
        yield rules.ROOT, Violation(at, _CONTAINER, root.value_type)
    for item in items.values():
        yield from _single(item)
        yield from graphic_violations(item)
    yield from relationship_violations(sop_class, items)
    yield from template_violations(sop_class, root, items)
    if sop_class == _KEY_OBJECTS and CONTENT_SEQUENCE in root.elements:
        selected = (item for item in items.values() if item.value_type in _REFERENCES)
        if next(selected, None) is None:
            yield rules.NOTHING_SELECTED, Violation(root.element(CONTENT_SEQUENCE), "an instance")


def _single(item: ContentItem) -> Iterator[RuleViolation]:
    for tag in _SINGLE:
        sequence = item.element(tag)
        if sequence is None:
            continue
        children = list(islice(sequence.children(), 2))
        if len(children) > 1:
            yield rules.SINGLE, Violation(sequence, "1 item", "several")
        if tag == MEASURED_VALUE_SEQUENCE and children:
            yield from _single_unit(item, children[0].row)


def _single_unit(item: ContentItem, measured: int) -> Iterator[RuleViolation]:
    units = item.dataset.level(measured).get(MEASUREMENT_UNITS_CODE_SEQUENCE)
    if units is not None and len(list(islice(item.dataset.children(units), 2))) > 1:
        yield rules.SINGLE, Violation(Element(item.dataset, units), "1 item", "several")
