"""Checks the values of all elements in one pass, and compares them with the data dictionary."""

from typing import TypeAlias

from engine.encoding import vr as vrs
from engine.encoding.character_sets import CharacterSet
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
from engine.values.definitions import DEFINITIONS, GROUP_LENGTH, PRIVATE, Definition
from engine.values.judgement import Judgement
from engine.values.numbers import FLOATS, IS_COUNTED, SIZES, are_finite
from engine.values.scopes import Scopes
from engine.values.strings import IDENTIFYING_UI, judge
from engine.values.uids import judge_identifying
from engine.violation import Violation

_LONGER_THAN_A_UID = 128
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


_Text: TypeAlias = tuple[int, int, bool, CharacterSet, bytes | None]
"""All that the judgement of a text depends on: tag, VR, whether it is at the top of the data set,
character set, and the bytes; None for those of a long one."""
_SHORT, _MOST_KNOWN = 64, 8192
_KNOWN: set[_Text] = set()
"""Short texts without a finding. The instances of a study have most texts in common; they stay in
the memory of the process, at most half a mebibyte of them, and are never shown."""


def check_values(instance: Instance, findings: Findings) -> None:
    """Check all values of an instance, those in items as well.

    Args:
        instance: the instance.
        findings: collects the violations.
    """
    if instance.meta is not None:
        _Pass(instance.meta, findings, legal_group=_META_GROUP).run()
    legal_group = _DIRECTORY_GROUP if instance.is_media_directory else _FIRST_GROUP
    _Pass(instance.dataset, findings, legal_group=legal_group).run()


class _Pass:
    """One pass over a table of elements."""

    def __init__(self, elements: Elements, findings: Findings, *, legal_group: int) -> None:
        self.elements = elements
        self.data = elements.data
        self.scopes = Scopes(elements, findings)
        self.findings = findings
        self.legal_group = legal_group
        """The first group that may be in this table."""
        self.private_rows: list[int] = []
        self.group_length_rows: list[int] = []

    def run(self) -> None:
        """Check every element."""
        self._check_elements()
        private.check(self.elements, self.private_rows, self.findings)
        if self.legal_group != _META_GROUP:
            group_lengths.check(self.elements, self.group_length_rows, self.findings)

    def _check_elements(self) -> None:
        # Every element passes through this loop: hence the local names.
        elements, texts, sizes, un = self.elements, vrs.TEXT, SIZES, vrs.UN
        definitions, by_tag, scopes, data = DEFINITIONS, vrs.BY_TAG, self.scopes, self.data
        check_text, check_numbers = self._check_text, self._check_numbers
        everywhere = None if scopes.are_nested else scopes.top
        columns = elements.tags, elements.vrs, elements.lengths, elements.offsets, elements.parents
        for row, header in enumerate(zip(*columns, strict=True)):
            tag, vr, length, offset, parent = header
            if tag == ITEM:
                scopes.enter(row, parent)
                continue
            definition = definitions[tag]
            if vr not in definition.plain:
                self._look_closer(row, tag, vr, definition)
            if length == 0:
                continue
            if vr == un:
                vr = by_tag[tag]
            if length == UNDEFINED_LENGTH:
                self._check_fragmented(row, tag, vr)
            elif vr in texts:
                value = bytes(data[offset : offset + length]) if length <= _SHORT else None
                text = tag, vr, parent == TOP, everywhere or scopes.characters_in(parent), value
                if text not in _KNOWN:
                    check_text(row, header, definition, text)
            elif sizes[vr]:
                check_numbers(row, tag, vr, length, definition)

    def _check_fragmented(self, row: int, tag: int, vr: int) -> None:
        if vr in vrs.FRAGMENTED and tag != PIXEL_DATA:
            self._report(structure_rules.FRAGMENTS_UNEXPECTED, row)

    def _check_text(
        self, row: int, header: tuple[int, int, int, int, int], definition: Definition, text: _Text
    ) -> None:
        tag, vr, is_at_top, characters, value = text
        if tag in _IDENTIFYING and vr == vrs.UI and is_at_top:
            vr = IDENTIFYING_UI
        elif tag == SPECIFIC_CHARACTER_SET:
            return  # checked where the scopes are made
        _, _, length, offset, _ = header
        judgement = judge(vr, self.data, offset, length, characters)
        if judgement.violations:
            self._report_violations(row, judgement)
        count = judgement.values
        minimum, maximum, step = definition.multiplicity
        if count and (not minimum <= count <= maximum or count % step):
            self._report_multiplicity(row, count, definition)
        elif value is not None and not judgement.violations:
            if len(_KNOWN) >= _MOST_KNOWN:
                _KNOWN.clear()
            _KNOWN.add(text)

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
            if tag in _IDENTIFYING and vr != vrs.UN and self.elements.parents[row] == TOP:
                # By its form, whatever its VR: archives file by it.
                value = Element(self.elements, row).value(_LONGER_THAN_A_UID)
                self._report_violations(row, judge_identifying(value))

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

    def _report_violations(self, row: int, judgement: Judgement) -> None:
        at = Element(self.elements, row)
        for rule, violation in judgement.violations:
            self.findings.add(rule, violation._replace(at=at))

    def _report_multiplicity(self, row: int, count: int, definition: Definition) -> None:
        found = "1 value" if count == 1 else f"{count} values"
        self._report(rules.MULTIPLICITY, row, f"VM {definition.vm}", found)

    def _report(
        self, rule: Rule, row: int, expected: str | None = None, found: str | None = None
    ) -> None:
        self.findings.add(rule, Violation(Element(self.elements, row), expected, found))
