"""The bytes of one encapsulated frame, which may be in several fragments."""

from bisect import bisect_right
from itertools import accumulate

from engine.encoding.elements import Element, Elements


class Frame:
    """One frame, read piece by piece: nothing is copied but what is asked for.

    Args:
        dataset: the table with the fragments.
        first: the row of the first fragment.
        end: the row behind the last one.

    Attributes:
        length: of all fragments together, in bytes.
        element: the first fragment.
    """

    __slots__ = ("_ends", "_first", "_start", "element", "length")

    def __init__(self, dataset: Elements, first: int, end: int, start: int = 0) -> None:
        self.element = Element(dataset, first)
        self._first = first
        self._start = start
        if end - first == 1:
            self._ends = None
            self.length = dataset.lengths[first] - start
        else:
            self._ends = list(accumulate(dataset.lengths[first:end]))
            self.length = self._ends[-1] - start

    def read(self, position: int, size: int) -> bytes:
        """The bytes at a position of the frame; fewer at its end."""
        dataset = self.element.elements
        size = min(size, self.length - position)
        if size <= 0:
            return b""
        position += self._start
        if self._ends is None:
            start = dataset.offsets[self._first] + position
            return bytes(dataset.data[start : start + size])
        parts = []
        index = bisect_right(self._ends, position)
        while size > 0:
            within = position - (self._ends[index - 1] if index else 0)
            row = self._first + index
            length = min(size, dataset.lengths[row] - within)
            start = dataset.offsets[row] + within
            parts.append(bytes(dataset.data[start : start + length]))
            position, size, index = position + length, size - length, index + 1
        return b"".join(parts)

    def beyond(self, position: int) -> "Frame":
        """What follows a position: the codestream behind the header of a file format."""
        dataset = self.element.elements
        count = 1 if self._ends is None else len(self._ends)
        return Frame(dataset, self._first, self._first + count, self._start + position)
