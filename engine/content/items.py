"""The content items of a structured report as a tree (PS3.3 C.17.3)."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.encoding.elements import TOP, Element, Elements
from engine.tags import (
    CODE_VALUE,
    CODING_SCHEME_DESIGNATOR,
    CONCEPT_NAME_CODE_SEQUENCE,
    CONTENT_SEQUENCE,
    REFERENCED_CONTENT_ITEM_IDENTIFIER,
    RELATIONSHIP_TYPE,
    VALUE_TYPE,
)

Concept = tuple[str, str]
"""The value of a code and the designator of its scheme."""


class ContentItem(NamedTuple):
    """A node of the tree, or a reference to another one.

    Attributes:
        row: of the sequence item; `TOP` for the root.
        parent: the row of the item that this one is a child of; the root's is its own.
        elements: the rows of its elements, by tag.
    """

    dataset: Elements
    row: int
    parent: int
    elements: dict[int, int]

    @property
    def is_reference(self) -> bool:
        """Whether it refers to another item (by-reference relationship)."""
        return REFERENCED_CONTENT_ITEM_IDENTIFIER in self.elements

    @property
    def value_type(self) -> str:
        """What kind of item it is, such as `NUM`; empty if it does not say."""
        return self.text(VALUE_TYPE)

    @property
    def relationship(self) -> str:
        """What it is to its parent, such as `CONTAINS`; empty if it does not say."""
        return self.text(RELATIONSHIP_TYPE)

    @property
    def concept(self) -> Concept | None:
        """The name of the item; None if it has none."""
        name = self.element(CONCEPT_NAME_CODE_SEQUENCE)
        code = next(name.children(), None) if name else None
        if code is None:
            return None
        level = self.dataset.level(code.row)
        value, scheme = level.get(CODE_VALUE), level.get(CODING_SCHEME_DESIGNATOR)
        if value is None or scheme is None:
            return None
        return Element(self.dataset, value).text(), Element(self.dataset, scheme).text()

    def element(self, tag: int) -> Element | None:
        """One of its elements."""
        row = self.elements.get(tag)
        return None if row is None else Element(self.dataset, row)

    def text(self, tag: int) -> str:
        """The text of one of its elements; empty if there is none."""
        element = self.element(tag)
        return "" if element is None else element.text()


def content_items(dataset: Elements) -> Iterator[ContentItem]:
    """The root, and all items below it in the order of the file; without recursion.

    Args:
        dataset: of a structured report.
    """
    yield ContentItem(dataset, TOP, TOP, dataset.level(TOP))
    for row in dataset.rows_with(RELATIONSHIP_TYPE):
        item = dataset.parents[row]
        sequence = dataset.parents[item] if item != TOP else TOP
        if sequence != TOP and dataset.tags[sequence] == CONTENT_SEQUENCE:
            yield ContentItem(dataset, item, dataset.parents[sequence], dataset.level(item))
