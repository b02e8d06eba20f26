"""Enumerated values and defined terms, out of descriptions and the sections they refer to."""

import re
from collections.abc import Mapping, Sequence

from tools.standard import description
from tools.standard.sources import Text
from tools.standard.vocabulary import TagPath, is_multiple, name, vr

Values = list[tuple[int | None, str, list[str]]]
"""Position from 0 or None, ``E`` (enumerated) or ``D`` (defined terms), the terms."""

# "Enumerated Values if ..." depends on what nothing here evaluates.
_HEADING = re.compile(
    r"(?:Value (?P<before>\d) )?(?P<kind>Enumerated Values?|Defined Terms?)"
    r"(?: for Value (?P<after>\d)| (?:for|of) [A-Z][\w' -]+ \((?P<tag>[\dA-F]{4},[\dA-F]{4})\))?:?",
    re.IGNORECASE,
)
# Where a description only says that its list is elsewhere.
_REFERENCE = re.compile(r"See .* for (the )?(Enumerated Values|Defined Terms)", re.IGNORECASE)
_TERMS = {
    "CS": re.compile(r"[A-Z0-9_ ]{1,16}"),
    "LO": re.compile(r"[A-Z0-9_./ -]{1,64}"),
    "SH": re.compile(r"[A-Z0-9_./ -]{1,16}"),
    "UT": re.compile(r"[A-Z0-9_]+"),
    "IS": re.compile(r"[+-]?\d{1,11}"),
    "DS": re.compile(r"[+-]?\d+(\.\d+)?"),
    "US": re.compile(r"\d{1,5}|[0-9A-F]{4}H"),
    "SS": re.compile(r"[+-]?\d{1,5}|[0-9A-F]{4}H"),
    "UL": re.compile(r"\d{1,10}|[0-9A-F]{4,8}H"),
}


def of_text(text: Text, path: TagPath, sections: Mapping[str, str]) -> Values:
    """What a description allows for the last attribute on the path."""
    read = description.read(text.html)
    if read.lists:
        return _of_lists(read.lists, path[-1])
    is_referred = any(map(_REFERENCE.search, read.sentences))
    found = []
    for address in text.sections:
        lists = description.read(sections.get(address, "")).lists
        # Of several sections each counts only if it says what it is about.
        is_whole = is_referred and len(text.sections) == 1
        if values := _of_section(lists, path[-1], is_whole=is_whole):
            found.append(values)
    # A section and one in it can both have the list.
    return found[0] if found and all(one == found[0] for one in found) else []


def of_alternatives(found: Sequence[Values]) -> Values:
    """What several texts for the same place allow, such as those of alternative macros."""
    first, *others = found or [[]]
    if all(one == first for one in others):
        return first
    kinds = {tuple(entry[:2] for entry in one) for one in found}
    if len(kinds) > 1:
        return []
    return [
        (position, kind, list(dict.fromkeys(term for one in found for term in one[index][2])))
        for index, (position, kind, _) in enumerate(first)
    ]


def _of_section(lists: Sequence[description.ValueList], tag: int, *, is_whole: bool) -> Values:
    """What a section allows for an attribute.

    Args:
        lists: of the section.
        tag: of the attribute.
        is_whole: whether the section is known to be about this attribute.
    """
    if named := [one for one in lists if _named_tag(one) == tag]:
        return _of_lists(named, tag)
    # A section with explanations may list something else, unless it names the attribute.
    titled = [one for one in lists if _is_titled(one, tag)]
    if titled and (is_whole or not is_multiple(tag)):
        return _of_lists(titled, tag)
    found = _of_lists(lists, tag)
    return found if is_whole else _with_position(found)


def _with_position(values: Values) -> Values:
    return [entry for entry in values if entry[0] is not None]


def _named_tag(listed: description.ValueList) -> int | None:
    """The attribute that the heading of a list names."""
    match = _HEADING.fullmatch(listed.heading)
    return int(match["tag"].replace(",", ""), 16) if match and match["tag"] else None


def _is_titled(listed: description.ValueList, tag: int) -> bool:
    return listed.title.removesuffix(" Attribute").endswith(f" {name(tag)}")


def _of_lists(lists: Sequence[description.ValueList], tag: int) -> Values:
    values = [entry for listed in lists if (entry := _entry(listed, tag)) is not None]
    positions = [position for position, _, _ in values]
    # Two lists for the same value are for different circumstances.
    if len(positions) > len(set(positions)) or (None in positions and len(positions) > 1):
        return []
    return values


def _entry(listed: description.ValueList, tag: int) -> tuple[int | None, str, list[str]] | None:
    """Position, kind and terms of a list; None if it is of another attribute or has no terms."""
    match = _HEADING.fullmatch(listed.heading)
    if not match or _named_tag(listed) not in {None, tag}:
        return None
    allowed = _allowed(listed.terms, vr(tag))
    kind = "E" if match["kind"][0] in "Ee" else "D"
    # A single defined term is one of several: the others are left to implementations.
    if not allowed or (kind == "D" and len(allowed) == 1):
        return None
    position = match["before"] or match["after"]
    return int(position) - 1 if position else None, kind, allowed


def _allowed(terms: tuple[str, ...], vr: str) -> list[str]:
    """The terms, if each of them is a value of that VR; numbers in decimal notation."""
    pattern = _TERMS.get(vr)
    if pattern is None or not terms or not all(map(pattern.fullmatch, terms)):
        return []
    return [_decimal(term) for term in terms] if vr in {"US", "SS", "UL"} else list(terms)


def _decimal(term: str) -> str:
    """A number such as ``01`` or ``0001H`` without what does not count."""
    return str(int(term[:-1], 16) if term.endswith("H") else int(term))
