"""Finds the sequence items that have an element, at any level of a data set."""

from collections.abc import Iterator

from engine.encoding.elements import TOP, Element, Elements

Item = dict[int, Element]
"""The elements of an item, by tag."""


def items_with(dataset: Elements, tag: int) -> Iterator[Item]:
    """The items that have an element with a tag, each once; not the data set itself."""
    seen: set[int] = {TOP}
    for row in dataset.rows_with(tag):
        item = dataset.parents[row]
        if item not in seen:
            seen.add(item)
            level = dataset.level(item)
            yield {tag: Element(dataset, row) for tag, row in level.items()}
