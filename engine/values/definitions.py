"""What the data dictionary says of a tag, in the form that a pass over all elements needs."""

from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.rule import Rule
from engine.rules import value as rules
from engine.standard.facts import DictionaryEntry, entry_of
from engine.values.multiplicity import ANY, Multiplicity, multiplicity

_MOST = 8192
"""More than the dictionary has, fewer than the tags of repeating groups."""
_FIRST_GROUP = 0x0008
_EVERY_VR = frozenset(vrs.CODES.values())


class Definition(NamedTuple):
    """What is expected of an element.

    Attributes:
        plain: codes of the VRs with which the element itself gives no cause for a remark; none
            if it always needs a closer look.
        multiplicity: how many values it may have.
        vrs: codes of the VRs that it may have.
        vr: the VR as the dictionary has it, for reports.
        vm: the VM as the dictionary has it, for reports.
        remark: a rule that is broken by the element being there at all.
    """

    plain: frozenset[int]
    multiplicity: Multiplicity
    vrs: frozenset[int] = _EVERY_VR
    vr: str = ""
    vm: str = ""
    remark: Rule | None = None


_NONE: frozenset[int] = frozenset()
GROUP_LENGTH = Definition(_NONE, Multiplicity(1, 1, 1), frozenset({vrs.UL}), "UL", "1")
PRIVATE = Definition(_NONE, ANY)
_UNKNOWN = Definition(_NONE, ANY, remark=rules.UNKNOWN_ELEMENT)


class _Definitions(dict[int, Definition]):
    """Remembers the tags it was asked for, unless unknown: hostile tags must not fill memory."""

    def __missing__(self, tag: int) -> Definition:
        if tag & 0xFFFF == 0:
            return GROUP_LENGTH
        if tag >> 16 & 1:
            return PRIVATE
        entry = entry_of(tag)
        if entry is None:
            return _UNKNOWN
        definition = _defined(tag, entry)
        if len(self) < _MOST:
            self[tag] = definition
        return definition


def _defined(tag: int, entry: DictionaryEntry) -> Definition:
    letters = [vr.encode() for vr in entry.vr.split(" or ") if vr != "NONE"]
    codes = frozenset(vrs.CODES[vr] for vr in letters)
    is_plain = tag >> 16 >= _FIRST_GROUP and not entry.is_retired
    return Definition(
        plain=codes if is_plain else _NONE,
        multiplicity=multiplicity(entry.vm),
        vrs=codes,
        vr=entry.vr,
        vm=entry.vm,
        remark=rules.RETIRED_ELEMENT if entry.is_retired else None,
    )


DEFINITIONS = _Definitions()
"""The definition of each tag."""
