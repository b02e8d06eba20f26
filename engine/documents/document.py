"""An encapsulated document: its bytes, read piece by piece."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.encoding.elements import UNDEFINED_LENGTH, Element, Elements
from engine.tags import ENCAPSULATED_DOCUMENT, ENCAPSULATED_DOCUMENT_LENGTH

_PIECE = 1 << 20


class Document(NamedTuple):
    """The value of Encapsulated Document (PS3.3 C.24.2).

    Attributes:
        element: the element.
        length: of the document without the padding of the value, in bytes, as far as is known.
        stated_length: what EncapsulatedDocumentLength says; None if it is absent.
    """

    element: Element
    length: int
    stated_length: int | None

    @classmethod
    def of(cls, dataset: Elements) -> "Document | None":
        """The document of a data set; None if there is none, or if it was not read whole."""
        element = dataset.get(ENCAPSULATED_DOCUMENT)
        if element is None or element.is_empty or element.length == UNDEFINED_LENGTH:
            return None
        if element.offset + element.length > len(dataset.data):
            return None
        stated = dataset.get(ENCAPSULATED_DOCUMENT_LENGTH)
        stated_length = None if stated is None or stated.is_empty else stated.integer()
        # One byte more makes an odd length even.
        is_padded = stated_length is not None and stated_length + 1 == element.length
        return cls(element, element.length - is_padded, stated_length)

    def read(self, start: int, size: int) -> bytes:
        """The bytes at a position; fewer at the end."""
        start = max(start, 0)
        size = max(min(size, self.length - start), 0)
        start += self.element.offset
        return bytes(self.element.elements.data[start : start + size])

    def pieces(self) -> Iterator[bytes]:
        """All bytes, a megabyte at a time."""
        for start in range(0, self.length, _PIECE):
            yield self.read(start, _PIECE)
