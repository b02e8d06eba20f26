"""A data set for conditions, read from the YAML of the cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom import uid as uids
from pydicom.datadict import dictionary_VR, tag_for_keyword

from engine.standard.condition import Truth, Value


@dataclass
class Item:
    """A data set or item: values by tag, and the item around it."""

    elements: Mapping[int, Sequence[Any]]
    outer: "Item | None" = None
    modules: Mapping[str, Truth] = field(default_factory=dict)
    groups: frozenset[int] = frozenset()

    def has(self, tag: int) -> bool:
        return tag in self.elements

    def is_filled(self, tag: int) -> bool:
        return bool(self.elements.get(tag))

    def values(self, tag: int) -> Sequence[Value]:
        return self.elements.get(tag, ())

    def items(self, tag: int) -> Iterable["Item"]:
        return [Item(item.elements, self) for item in self.elements[tag]]

    def has_module(self, module: str) -> Truth:
        return self.modules.get(module, False)

    def has_group(self, tag: int) -> Truth:
        return tag in self.groups


def item_of(content: Mapping[str, Any]) -> Item:
    """The item that a mapping of keywords describes; see the head of condition_cases.yaml."""
    rest = dict(content)
    outer = rest.pop("outer", None)
    modules = rest.pop("modules", [])
    groups = frozenset(tag_of(keyword) for keyword in rest.pop("groups", []))
    elements = {tag_of(keyword): _values(keyword, value) for keyword, value in rest.items()}
    enclosing = None if outer is None else item_of(outer)
    return Item(elements, enclosing, dict.fromkeys(modules, True), groups)


def tag_of(keyword: str) -> int:
    """The tag of a keyword, which must exist."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


def _values(keyword: str, value: Any) -> list[Any]:
    vr = dictionary_VR(keyword)
    return [_value(vr, part) for part in (value if isinstance(value, list) else [value])]


def _value(vr: str, value: Any) -> Any:
    if vr == "SQ":
        return item_of(value)
    if vr == "AT":
        return tag_of(value)
    return str(getattr(uids, value, value)) if vr == "UI" else value
