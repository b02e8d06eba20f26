"""The facts of the standard: loads the committed file and looks facts up.

`make standard` writes the file: a JSON object, compressed by xz, with the members of `Facts`.
"""

import gc
import lzma
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import starmap
from pathlib import Path
from typing import Any, NamedTuple

import orjson

FILE = Path(__file__).with_name("facts.json.xz")


class DictionaryEntry(NamedTuple):
    """An element of the data dictionary (PS3.6 6)."""

    keyword: str
    vr: str
    """As the dictionary has it, such as ``US or SS``."""
    vm: str
    """As the dictionary has it, such as ``1-n``."""
    is_retired: bool


class Uid(NamedTuple):
    """A UID of the standard (PS3.6 A)."""

    name: str
    """Such as ``CT Image Storage``."""
    kind: str
    """Such as ``SOP Class`` or ``Transfer Syntax``."""
    is_retired: bool


class AttributeFact(NamedTuple):
    """An attribute in a module or in the items of a sequence."""

    tag: int
    type: str
    """``1``, ``1C``, ``2``, ``2C`` or ``3``."""
    condition: int | None
    """The index of its condition."""
    values: int | None
    """The index of its allowed values."""
    items: int | None
    """The index of the level of its items."""
    is_single: int = 0
    """1 if one item is all that is allowed."""


class ModuleUsage(NamedTuple):
    """A module in an IOD."""

    module: str
    """The id of the module."""
    usage: str
    """``M``, ``C`` or ``U``."""
    condition: int | None
    """The index of its condition."""


class GroupUsage(NamedTuple):
    """A functional group macro in an IOD."""

    macro: str
    """The id of the macro."""
    tag: int
    """Of its sequence."""
    usage: str
    """``M``, ``C`` or ``U``."""
    condition: int | None
    """The index of its condition."""
    place: str
    """Where it may be: ``any``, ``shared`` or ``per-frame``."""


class ValueList(NamedTuple):
    """The values that are allowed for an attribute, or for one value of it."""

    position: int | None
    """The position from 0 in a multi-valued element; None: every value."""
    kind: str
    """``E`` (enumerated: nothing else is allowed) or ``D`` (defined terms)."""
    values: Sequence[str]
    """Numbers are in decimal."""


class ConditionFact(NamedTuple):
    """When an attribute of type 1C or 2C or a module of usage C is required."""

    when: Sequence[Any]
    """An expression, see `engine.standard.condition`."""
    otherwise: str
    """``absent`` (shall not be present when it is false) or ``any``."""


class Iod(NamedTuple):
    """What an instance of an IOD consists of."""

    modules: Sequence[ModuleUsage]
    groups: Sequence[GroupUsage]
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
    editions: Mapping[str, str]
    """What is of which edition, for people."""
    statistics: Mapping[str, int]
    """How much of the standard the facts have, and how many conditions can be evaluated."""
    dictionary: Mapping[str, DictionaryEntry]
    """Entries by tag, ``x`` for any digit; `keyword_of` and the like look them up."""
    uids: Mapping[str, Uid]
    sop_classes: Mapping[str, str]
    """The IOD of each storage SOP class that has one; most retired ones have none any more."""
    iods: Mapping[str, Iod]
    modules: Mapping[str, Module]
    levels: Sequence[Sequence[AttributeFact]]
    """The attributes of a module, or of the items of a sequence, in order. The items of a sequence
    can have the level that the sequence is on: structured reports nest without a limit."""
    conditions: Sequence[ConditionFact]
    values: Sequence[Sequence[ValueList]]

    def iod_of(self, sop_class: str) -> Iod | None:
        """The IOD of a storage SOP class; None if it is unknown or has none."""
        return self.iods.get(self.sop_classes.get(sop_class, ""))


@cache
def load() -> Facts:
    """The facts; read once."""
    with _no_collection():
        content = orjson.loads(lzma.decompress(FILE.read_bytes()))
        return Facts(**content | _rows(content))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the garbage collector: all the new objects stay, so that it would find nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _rows(content: dict[str, Any]) -> dict[str, Any]:
    """The members whose rows get named fields."""
    return {
        "dictionary": {
            tag: DictionaryEntry(keyword, vr, vm, bool(is_retired))
            for tag, (keyword, vr, vm, is_retired) in content["dictionary"].items()
        },
        "uids": {
            uid: Uid(name, kind, bool(is_retired))
            for uid, (name, kind, is_retired) in content["uids"].items()
        },
        "iods": {iod: _iod(**parts) for iod, parts in content["iods"].items()},
        "modules": {module: Module(*row) for module, row in content["modules"].items()},
        "levels": [list(starmap(AttributeFact, level)) for level in content["levels"]],
        "conditions": [ConditionFact(one["when"], one["else"]) for one in content["conditions"]],
        "values": [list(map(ValueList._make, lists)) for lists in content["values"]],
    }


def _iod(modules: Sequence[Any], groups: Sequence[Any] = ()) -> Iod:
    return Iod(list(map(ModuleUsage._make, modules)), list(map(GroupUsage._make, groups)))


class _Dictionary(NamedTuple):
    exact: Mapping[int, DictionaryEntry]
    repeating: Mapping[int, Sequence[tuple[int, int, DictionaryEntry]]]
    """Mask, masked tag and entry, by the first byte of the tag."""
    tags: Mapping[str, int]


@cache
def _dictionary() -> _Dictionary:
    exact: dict[int, DictionaryEntry] = {}
    repeating: dict[int, list[tuple[int, int, DictionaryEntry]]] = {}
    tags: dict[str, int] = {}
    for tag, entry in load().dictionary.items():
        first = int(tag.replace("x", "0"), 16)
        if "x" in tag:
            mask = int("".join("0" if digit == "x" else "F" for digit in tag), 16)
            repeating.setdefault(first >> 24, []).append((mask, first, entry))
        else:
            exact[first] = entry
        if entry.keyword:
            tags.setdefault(entry.keyword, first)
    return _Dictionary(exact, repeating, tags)


def entry_of(tag: int) -> DictionaryEntry | None:
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
    return entry and entry.keyword


def vr_of(tag: int) -> str | None:
    """The VR of an element, such as ``DS`` or ``US or SS``; None if it is private or unknown."""
    entry = entry_of(tag)
    return entry and entry.vr


def is_retired(tag: int) -> bool | None:
    """Whether an element is retired; None if it is private or unknown."""
    entry = entry_of(tag)
    return entry and entry.is_retired


def tag_of(keyword: str) -> int | None:
    """The tag with a keyword, of repeating groups the first; None if there is none."""
    return _dictionary().tags.get(keyword)


def is_retired_uid(uid: str) -> bool | None:
    """Whether a UID of the standard is retired; None if it is unknown."""
    entry = load().uids.get(uid)
    return entry and entry.is_retired
