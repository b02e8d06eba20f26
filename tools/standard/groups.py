"""The functional groups of enhanced IODs: macro, sequence, usage, condition, where they may be."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from tools.standard import parsed
from tools.standard.corrections import GROUPS, SAME_GROUPS
from tools.standard.handwritten import lookup_usage
from tools.standard.precedents import GROUP_SEQUENCES, Precedents
from tools.standard.sources import Sources, Usage
from tools.standard.vocabulary import keywords, vr

Group: TypeAlias = tuple[str, int, str, dict[str, Any] | None, str]
"""Macro, tag of its sequence, usage, condition, and ``any``, ``shared`` or ``per-frame``."""

# What C.7.6.16.2 says of these macros' use, which the tables of the IODs do not repeat.
_PLACES = {
    "frame-content": "per-frame",
    "intravascular-frame-content": "any",
    "unassigned-shared-converted-attributes": "shared",
    "unassigned-per-frame-converted-attributes": "per-frame",
    "image-frame-conversion-source": "per-frame",
}
_NOT_SHARED = re.compile(r"may not be used as a shared functional group", re.IGNORECASE)


def of_iod(iod: str, sources: Sources, precedents: Precedents, parse: parsed.Parse) -> list[Group]:
    """The groups of an IOD; none if it is not an enhanced one."""
    named = SAME_GROUPS.get(iod, iod)
    known = {**sources.texts.iod_groups.get(named, {}), **GROUPS.get(iod, {})}
    groups = []
    for sequence in _sequences(iod, sources):
        macros = precedents.group_macros(sequence)
        own = [macro for macro in macros if macro in known] or [_macro(sequence, macros)]
        for macro in own:
            # How an IOD that the edition of 2020 has not uses its groups is not in the tables.
            usage = known.get(macro) or Usage("U", "")
            groups.append(_group(named, macro, sequence, usage, parse))
    return groups


def condition(usage: Usage, parse: parsed.Parse) -> dict[str, Any] | None:
    """The condition of a module or macro of usage C, out of its text."""
    sentences = re.split(r"(?<=[.;])\s+(?=[A-Zm])", " ".join(usage.condition.split()))
    return parsed.condition(sentences, parse, parsed.Level())


def _group(iod: str, macro: str, sequence: int, usage: Usage, parse: parsed.Parse) -> Group:
    found = None
    if usage.usage == "C":
        found = lookup_usage(iod, macro) or condition(usage, parse)
    place = _PLACES.get(macro, "per-frame" if _NOT_SHARED.search(usage.condition) else "any")
    return macro, sequence, usage.usage, found, place


def _sequences(iod: str, sources: Sources) -> Iterator[int]:
    """The sequences below Shared and Per-Frame Functional Groups Sequence, in order."""
    tags = {
        attribute.path[1]
        for module, _ in sources.iods[iod]
        for attribute in sources.modules.get(module, ())
        if len(attribute.path) == 2 and attribute.path[0] in GROUP_SEQUENCES
    }
    # The tables of breast projection images have a grid's attributes outside of its sequence too.
    yield from sorted(tag for tag in tags if vr(tag) == "SQ")


def _macro(sequence: int, macros: Sequence[str]) -> str:
    """The macro's name: of several with that sequence the general one; else after the sequence."""
    if macros:
        return min(macros, key=lambda macro: (len(macro), macro))
    [keyword] = keywords((sequence,))
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", keyword.removesuffix("Sequence"))
    return "-".join(words).lower()
