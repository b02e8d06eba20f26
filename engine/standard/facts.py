"""The facts of the standard: loads the committed file, and answers what is in it.

`make standard` writes the file. It is xz of one JSON object, whose members `Facts` describes.
"""

import lzma
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import orjson

FILE = Path(__file__).with_name("facts.json.xz")

Entry: TypeAlias = tuple[str, str, str, bool]
"""An element of the dictionary: keyword, VR (``US or SS`` as it stands), VM, whether retired."""
Attribute: TypeAlias = tuple[int, str, int | None, int | None, int | None]
"""Tag, type (``1C``), and the indices of its condition, its values and the level of its items."""
Usage: TypeAlias = tuple[str, str, int | None]
"""A module in an IOD: its id, usage (``M``, ``C``, ``U``), the index of its condition."""
Group: TypeAlias = tuple[str, int, str, int | None, str]
"""A functional group macro in an IOD: its id, the tag of its sequence, usage, the index of its
condition, and where it may be: ``any``, ``shared`` or ``per-frame``."""
Values: TypeAlias = Sequence[tuple[int | None, str, Sequence[str]]]
"""Allowed values: the position from 0 in a multi-valued element (None: every value), ``E``
(enumerated: nothing else is allowed) or ``D`` (defined terms), the values, numbers in decimal."""


class Condition(NamedTuple):
    """When an attribute of type 1C or 2C or a module of usage C is required."""

    when: list[Any]
    """An expression, see `engine.standard.condition`."""
    otherwise: str
    """``absent`` (shall not be present when it is false) or ``any``."""


class Iod(NamedTuple):
    """What an instance of an IOD consists of."""

    modules: Sequence[Usage]
    groups: Sequence[Group]
    """The functional groups; none where the IOD is not an enhanced one."""


class Module(NamedTuple):
    """A module, or the functional groups of an IOD as one."""

    name: str
    section: str
    """Of PS3.3, such as ``C.8.2.1``; empty if unknown."""
    level: int
    """The index of its attributes."""


class Facts(NamedTuple):
    """What the standard says of storage SOP classes. Nothing in here is to be changed."""

    edition: str
    """Such as ``2026b``."""
    sources: Mapping[str, str]
    """The packages that the facts were made from, with their versions."""
    statistics: Mapping[str, int]
    """How much of the standard the facts have, and how many conditions can be evaluated."""
    dictionary: Mapping[str, Sequence[Any]]
    """`Entry` by tag, ``x`` for any digit; `keyword_of` and the like are the way to ask."""
    uids: Mapping[str, tuple[str, str, int]]
    """Name, type and whether retired."""
    sop_classes: Mapping[str, str]
    """The IOD of each storage SOP class that has one; most retired ones have none any more."""
    iods: Mapping[str, Iod]
    modules: Mapping[str, Module]
    levels: Sequence[Sequence[Attribute]]
    """Attributes that stand together in a data set or an item, in order. An item's level can be
    the level it stands on: the content of structured reports has no bound."""
    conditions: Sequence[Condition]
    values: Sequence[Values]


@cache
def load() -> Facts:
    """The facts; read once."""
    content = orjson.loads(lzma.decompress(FILE.read_bytes()))
    iods = {
        iod: Iod(entry["modules"], entry.get("groups", ()))
        for iod, entry in content["iods"].items()
    }
    content["iods"] = iods
    content["modules"] = {id_: Module(*module) for id_, module in content["modules"].items()}
    content["conditions"] = [Condition(one["when"], one["else"]) for one in content["conditions"]]
    return Facts(**content)


class _Dictionary(NamedTuple):
    exact: Mapping[int, Entry]
    repeating: Mapping[int, Sequence[tuple[int, int, Entry]]]
    """Mask, masked tag and entry, by the first byte of the tag."""
    tags: Mapping[str, int]


@cache
def _dictionary() -> _Dictionary:
    exact: dict[int, Entry] = {}
    repeating: dict[int, list[tuple[int, int, Entry]]] = {}
    tags: dict[str, int] = {}
    for tag, (keyword, vr, vm, retired) in load().dictionary.items():
        entry = (keyword, vr, vm, bool(retired))
        first = int(tag.replace("x", "0"), 16)
        if "x" in tag:
            mask = int("".join("0" if digit == "x" else "F" for digit in tag), 16)
            repeating.setdefault(first >> 24, []).append((mask, first, entry))
        else:
            exact[first] = entry
        if keyword:
            tags.setdefault(keyword, first)
    return _Dictionary(exact, repeating, tags)


def entry_of(tag: int) -> Entry | None:
    """What the data dictionary says of an element; None if it is private or unknown.

    Nothing is remembered of what was asked for: tags come from hostile files.
    """
    dictionary = _dictionary()
    if (entry := dictionary.exact.get(tag)) is not None or tag >> 16 & 1:
        return entry
    for mask, first, repeating in dictionary.repeating.get(tag >> 24, ()):
        if tag & mask == first:
            return repeating
    return None


def keyword_of(tag: int) -> str | None:
    """The keyword of an element; None if it is private or unknown."""
    entry = entry_of(tag)
    return entry and entry[0]


def vr_of(tag: int) -> str | None:
    """The VR of an element, such as ``DS`` or ``US or SS``; None if it is private or unknown."""
    entry = entry_of(tag)
    return entry and entry[1]


def multiplicity_of(tag: int) -> str | None:
    """The VM of an element, such as ``1-n``; None if it is private or unknown."""
    entry = entry_of(tag)
    return entry and entry[2]


def is_retired(tag: int) -> bool | None:
    """Whether an element is retired; None if it is private or unknown."""
    entry = entry_of(tag)
    return entry and entry[3]


def tag_of(keyword: str) -> int | None:
    """The tag with a keyword, of repeating groups the first; None if there is none."""
    return _dictionary().tags.get(keyword)


def uid_name(uid: str) -> str | None:
    """The name of a UID of the standard, such as ``CT Image Storage``; None if it is unknown."""
    entry = load().uids.get(uid)
    return entry and entry[0]


def uid_type(uid: str) -> str | None:
    """What a UID of the standard is for, such as ``Transfer Syntax``; None if it is unknown."""
    entry = load().uids.get(uid)
    return entry and entry[1]


def is_retired_uid(uid: str) -> bool | None:
    """Whether a UID of the standard is retired; None if it is unknown."""
    entry = load().uids.get(uid)
    return None if entry is None else bool(entry[2])
