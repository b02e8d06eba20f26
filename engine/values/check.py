"""Values, and what the data dictionary says of them: one skip all elements (PS3.5 6)."""

from engine.encoding import vr as vrs
from engine.encoding.elements import TOP, UNDEFINED_LENGTH, Element, Elements
from engine.findings import Findings
from engine.instance import Instance
from engine.rule import Rule
from engine.rules import structure as structure_rules
from engine.rules import value as rules
from engine.tags import (
    ITEM,
    MEDIA_STORAGE_SOP_CLASS_UID,
    MEDIA_STORAGE_SOP_INSTANCE_UID,
    PIXEL_DATA,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_INSTANCE_UID,
    TRANSFER_SYNTAX_UID,
)
from engine.values import group_lengths, private
from engine.values.defect import Verdict
from engine.values.definitions import DEFINITIONS, GROUP_LENGTH, PRIVATE, Definition
from engine.values.judgement import IDENTIFYING_UI, count_values, judge, judge_beginning
from engine.values.numbers import FLOATS, IS_COUNTED, SIZES, are_finite
from engine.values.scopes import Scopes
from engine.violation import Violation

_MOST_TEXT = 1 << 20
"""How many bytes of a text are looked at; of the others the values are counted."""
_MOST_NUMBERS = 1 << 16
"""How many bytes of floating point numbers are looked at in one element."""
_META_GROUP, _DIRECTORY_GROUP, _FIRST_GROUP = 0x0002, 0x0004, 0x0008
"""Groups before the last belong to messages, file meta information and directories."""

_IDENTIFYING = frozenset(
    {
        MEDIA_STORAGE_SOP_CLASS_UID,
        MEDIA_STORAGE_SOP_INSTANCE_UID,
        TRANSFER_SYNTAX_UID,
        SOP_CLASS_UID,
        SOP_INSTANCE_UID,
        STUDY_INSTANCE_UID,
        SERIES_INSTANCE_UID,
    }
)
"""SOP class, SOP instance, transfer syntax, study and series: what an archive files by."""
_MAY_BE_NO_NUMBER = range(0x00280122, 0x00280126)
"""The padding values and range limits of floating point pixels (PS3.3 C.7.6.24.1)."""


def check_values(instance: Instance, findings: Findings) -> None:
    """Judge all values of an instance, those in items as well, and hold them to the dictionary.

    Args:
        instance: what has been read.
        findings: takes what is wrong.
    """
    if instance.meta is not None:
        _Pass(instance.meta, findings, legal_group=_META_GROUP).run()
    legal_group = _DIRECTORY_GROUP if instance.is_media_directory else _FIRST_GROUP
    _Pass(instance.dataset, findings, legal_group=legal_group).run()


class _Pass:
    """One skip a table of elements."""

    def __init__(self, elements: Elements, findings: Findings, *, legal_group: int) -> None:
        self.elements = elements
        self.findings = findings
        self.legal_group = legal_group
        """The first group that may stand in this table."""
        self.private_rows: list[int] = []
        self.group_length_rows: list[int] = []

    def run(self) -> None:
        """Look at every element."""
        self._check_elements()
        private.check(self.elements, self.private_rows, self.findings)
        if self.legal_group != _META_GROUP:
            group_lengths.check(self.elements, self.group_length_rows, self.findings)

    # Every element passes through this loop: hence its length, the local names and few calls.
    def _check_elements(self) -> None:  # noqa: C901, PLR0912
        elements, data, texts, sizes = self.elements, self.elements.data, vrs.TEXT, SIZES
        definitions, scopes = DEFINITIONS, Scopes(self.elements, self.findings)
        by_tag, ui, un = vrs.BY_TAG, vrs.UI, vrs.UN
        by_item, top, are_nested = scopes.by_item, scopes.top, scopes.are_nested
        rows = zip(
            elements.tags,
            elements.vrs,
            elements.lengths,
            elements.offsets,
            elements.parents,
            strict=True,
        )
        for row, (tag, vr, length, offset, parent) in enumerate(rows):
            if tag == ITEM:
                if are_nested:
                    scopes.enter(row, parent)
                continue
            definition = definitions[tag]
            if vr not in definition.plain:
                self._look_closer(row, tag, vr, definition)
            if length == 0:
                continue
            if vr == un:
                vr = by_tag[tag]  # noqa: PLW2901, as implicit VR has it (PS3.5 6.2.2)
            if length == UNDEFINED_LENGTH:
                if vr in vrs.FRAGMENTED and tag != PIXEL_DATA:
                    self._report(structure_rules.FRAGMENTS_UNEXPECTED, row)
            elif vr in texts:
                if tag == SPECIFIC_CHARACTER_SET:
                    continue
                kind = vr
                if vr == ui and parent == TOP and tag in _IDENTIFYING:
                    kind = IDENTIFYING_UI
                characters = by_item.get(parent, top) if are_nested else top
                if length <= _MOST_TEXT:
                    value = bytes(data[offset : offset + length])
                    verdict = judge(kind, value, characters)
                    count = verdict.values
                else:
                    beginning = bytes(data[offset : offset + _MOST_TEXT])
                    verdict = judge_beginning(kind, beginning, characters)
                    count = count_values(vr, data, offset, offset + length)
                if verdict.defects:
                    self._report_defects(row, verdict)
                minimum, maximum, step = definition.multiplicity
                if count and (not minimum <= count <= maximum or count % step):
                    self._report_multiplicity(row, count, definition)
            elif sizes[vr]:
                self._check_numbers(row, tag, vr, length, definition)

    def _look_closer(self, row: int, tag: int, vr: int, definition: Definition) -> None:
        """Check the presence and the VR of an element that is not plain."""
        if tag >> 16 < self.legal_group and definition is not PRIVATE:
            self._report(structure_rules.GROUP_MISPLACED, row)
            return
        if definition is PRIVATE:
            self.private_rows.append(row)
        elif definition is GROUP_LENGTH:
            self.group_length_rows.append(row)
        elif definition.remark is not None:
            self._report(definition.remark, row)
        if vr not in definition.vrs:
            rule = structure_rules.VR_UN if vr == vrs.UN else structure_rules.VR_MISMATCH
            self._report(rule, row, definition.vr, vrs.NAMES[vr])

    def _check_numbers(
        self, row: int, tag: int, vr: int, length: int, definition: Definition
    ) -> None:
        size = SIZES[vr]
        if length % size:
            if not length & 1:  # an odd length is a finding of its own
                self._report(rules.LENGTH, row, f"a multiple of {size} bytes", f"{length} bytes")
            return
        count = length // size
        minimum, maximum, step = definition.multiplicity
        if IS_COUNTED[vr] and (not minimum <= count <= maximum or count % step):
            self._report_multiplicity(row, count, definition)
        if vr in FLOATS and tag not in _MAY_BE_NO_NUMBER:
            numbers = Element(self.elements, row).value(_MOST_NUMBERS)
            if not are_finite(vr, numbers, self.elements.byte_order):
                self._report(rules.NOT_FINITE, row, "finite numbers")

    def _report_defects(self, row: int, verdict: Verdict) -> None:
        at = Element(self.elements, row)
        for rule, expected, found, value in verdict.defects:
            self.findings.add(rule, Violation(at, expected, found, value))

    def _report_multiplicity(self, row: int, count: int, definition: Definition) -> None:
        found = "1 value" if count == 1 else f"{count} values"
        self._report(rules.MULTIPLICITY, row, f"VM {definition.vm}", found)

    def _report(
        self, rule: Rule, row: int, expected: str | None = None, found: str | None = None
    ) -> None:
        self.findings.add(rule, Violation(Element(self.elements, row), expected, found))
