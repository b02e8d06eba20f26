"""Makes the modules: their attributes in levels, with conditions and values."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tools.standard import description, parsed, values
from tools.standard.corrections import ADDED_VALUES, CONTENT_ITEM_TYPES, VALUES
from tools.standard.handwritten import lookup
from tools.standard.levels import Pool, Row
from tools.standard.precedents import Precedents
from tools.standard.sources import Attribute, Sources, Text
from tools.standard.vocabulary import TagPath, keyword_tag, keywords

CONTENT_SEQUENCE: Final = keyword_tag("ContentSequence")
SR_CONTENT: Final = "sr-document-content"
_SHARED: Final = keyword_tag("SharedFunctionalGroupsSequence")


class _Tree:
    """The attributes of a module."""

    def __init__(self, module: str, types: Mapping[TagPath, str]) -> None:
        self.module = module
        self.types = types
        self.children: dict[TagPath, list[int]] = defaultdict(list)
        for path in sorted(types):
            self.children[path[:-1]].append(path[-1])
        self._tags = frozenset(path[-1] for path in types)

    def surroundings(self, path: TagPath) -> parsed.Level:
        """What a condition of an attribute can see."""
        enclosing = [self.children[path[:depth]] for depth in range(len(path))]
        return parsed.Level(
            siblings=frozenset(enclosing[-1] if len(path) > 1 else ()),
            hidden=self._tags.difference(*enclosing),
        )


class Modules:
    """Turns the modules of the sources into levels."""

    def __init__(self, sources: Sources, parse: parsed.Parse) -> None:
        self._sources = sources
        self._parse = parse
        self._precedents = Precedents(sources.texts)
        self.levels = Pool()
        self.conditions = Pool()
        self.values = Pool()
        self.counts: Counter[str] = Counter()
        """Attributes, and conditional ones by where their condition comes from."""

    def level(self, module: str, others: Mapping[str, str] | None = None) -> int:
        """The index of the level of a module.

        Args:
            module: its id.
            others: types that attributes at its top have here instead, by keyword.
        """
        attributes = self._sources.modules.get(module, ())
        types = {path: _type(module, path, type_) for path, type_ in _completed(module, attributes)}
        types |= {(keyword_tag(keyword),): type_ for keyword, type_ in (others or {}).items()}
        return self._level(_Tree(module, types), ())

    def level_of_values(self, allowed: Mapping[TagPath, values.Values]) -> int:
        """The index of a level that requires nothing and limits values.

        Args:
            allowed: values by the path of the attribute.
        """
        rows: list[Row] = []
        for tag in sorted({path[0] for path in allowed}):
            inside = {path[1:]: found for path, found in allowed.items() if path[0] == tag}
            found = inside.pop((), None)
            index = None if found is None else self.values.index(found)
            items = self.level_of_values(inside) if inside else None
            rows.append((tag, "3", None, index, items))
        return self.levels.index(rows)

    def condition(self, condition: parsed.Condition | None) -> int | None:
        """The index of a condition."""
        return None if condition is None else self.conditions.index(condition)

    def _level(self, tree: "_Tree", parent: TagPath) -> int:
        def rows(cycle: int | None = None) -> list[Row]:
            return [self._row(tree, (*parent, tag), cycle) for tag in tree.children.get(parent, ())]

        if tree.module == SR_CONTENT and parent == (CONTENT_SEQUENCE,):
            return self.levels.index_of_cycle(rows)
        return self.levels.index(rows())

    def _row(self, tree: "_Tree", path: TagPath, cycle: int | None) -> Row:
        self._count("attributes", path)
        condition = self._condition(tree, path) if tree.types[path].endswith("C") else None
        allowed = self._values(tree.module, path)
        if cycle is not None and path[-1] == CONTENT_SEQUENCE:
            items: int | None = cycle
        else:
            items = self._level(tree, path) if path in tree.children else None
        row = path[-1], tree.types[path], condition, allowed, items
        if items is not None and self._is_single(tree.module, path):
            self._count("sequences with a single item", path)
            return (*row, 1)
        return row

    def _is_single(self, module: str, path: TagPath) -> bool:
        """Whether all texts say that a sequence has one item at most."""
        if module == SR_CONTENT:  # the content of reports has a rule of its own
            return False
        texts = self._precedents.exact(module, path) or self._precedents.elsewhere(path)
        return bool(texts) and all(description.is_single(text.html) for text in texts)

    def _condition(self, tree: "_Tree", path: TagPath) -> int | None:
        self._count("conditional attributes", path)
        if condition := lookup(tree.module, keywords(path)):
            self._count("hand-written", path)
            if _is_partial(condition["when"]):
                self._count("hand-written in part", path)
            return self.conditions.index(condition)
        texts = self._precedents.exact(tree.module, path) or self._precedents.elsewhere(path)
        found = [
            parsed.condition(sentences, self._parse, tree.surroundings(path))
            for sentences in dict.fromkeys(description.read(text.html).sentences for text in texts)
        ]
        if condition := parsed.same(found):
            self._count("parsed", path)
            return self.conditions.index(condition)
        return None

    def _count(self, what: str, path: TagPath) -> None:
        """Functional groups are in the tables twice, shared and for each frame; once is enough."""
        self.counts[what] += path[0] != _SHARED

    def _values(self, module: str, path: TagPath) -> int | None:
        names = keywords(path)
        found = VALUES.get((module, names)) or self._values_of_text(module, path)
        if not found:
            return None
        if added := ADDED_VALUES.get((module, names)) or ADDED_VALUES.get(("", names[-1:])):
            found = [(position, kind, [*terms, *added]) for position, kind, terms in found]
        return self.values.index(found)

    def _values_of_text(self, module: str, path: TagPath) -> values.Values:
        if texts := self._precedents.exact(module, path):
            return values.of_alternatives(self._values_of_each(texts, path))
        # Elsewhere an attribute can have other values: what holds for it in the same sequence
        # everywhere is that of a macro.
        texts = self._precedents.elsewhere(path) if len(path) > 1 else ()
        found = self._values_of_each(texts, path)
        return found[0] if found and all(one == found[0] for one in found) else []

    def _values_of_each(self, texts: Iterable[Text], path: TagPath) -> list[values.Values]:
        sections = self._sources.texts.sections
        return [values.of_text(text, path, sections) for text in dict.fromkeys(texts)]


def _is_partial(expression: Sequence[Any]) -> bool:
    """Whether a condition leaves open what it is in some data sets."""
    return expression[0] == "unknown" or any(
        _is_partial(part) for part in expression[1:] if isinstance(part, list) and part
    )


def _type(module: str, path: TagPath, type_: str) -> str:
    """The type of an attribute, corrected in the content items of structured reports."""
    if path[-2:-1] == (CONTENT_SEQUENCE,) or (module == SR_CONTENT and len(path) == 1):
        [keyword] = keywords(path[-1:])
        # The root is never an item by reference.
        if len(path) > 1 or keyword != "ValueType":
            return CONTENT_ITEM_TYPES.get(keyword, type_)
    return type_


def _completed(module: str, attributes: Sequence[Attribute]) -> Iterable[tuple[TagPath, str]]:
    """The attributes; those of an SR content item are in highdicom's table at the root or below."""
    if module == SR_CONTENT:
        for path, type_ in attributes:
            if path[0] != CONTENT_SEQUENCE:
                yield (CONTENT_SEQUENCE, *path), type_
        yield (CONTENT_SEQUENCE, CONTENT_SEQUENCE), "1C"
    yield from attributes
