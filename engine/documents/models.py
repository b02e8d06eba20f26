"""Three-dimensional models: STL, and the vertices that OBJ refers to."""

import re
from collections import Counter
from collections.abc import Iterator

from engine.documents.document import Document
from engine.rules import document as rules
from engine.violation import RuleViolation, Violation

_HEADER, _TRIANGLE = 84, 50
"""Binary STL has 80 bytes for anything, a count of 32 bits, and 50 bytes for each triangle."""
_TAIL = 1024
_BEGINNING = 4096
_END_OF_SOLID = re.compile(rb"endsolid\b[^\r\n]*\s*\0*\Z")
_MOST_READ = 8 << 20
"""How many bytes of an OBJ document are read for its references."""
_KINDS = (b"v", b"vt", b"vn")
"""Vertices, texture vertices and normals: what the numbers between slashes refer to, in turn."""
_LEAST = {b"f": 3, b"l": 2, b"p": 1}
"""How many vertices a face, a line and a point have at least."""
_PADDING = b"\0 \t\r\n"


def stl_violations(document: Document) -> Iterator[RuleViolation]:
    """What is wrong with the length of a binary STL model, or with the end of one in ASCII."""
    start = document.read(0, _BEGINNING)
    if len(start) >= _HEADER:
        count = int.from_bytes(start[80:84], "little")
        needed = _HEADER + _TRIANGLE * count
        if document.length in {needed, needed + needed % 2}:
            return
    if _is_ascii_stl(start):
        tail = document.read(document.length - _TAIL, _TAIL)
        if not _END_OF_SOLID.search(tail):
            yield rules.TRUNCATED, Violation(document.element, "endsolid at the end", "none")
    elif len(start) < _HEADER:
        yield rules.TRUNCATED, _bytes(document, _HEADER)
    elif document.length < needed:
        yield rules.TRUNCATED, _bytes(document, needed)
    else:
        yield rules.TRAILING, _bytes(document, needed)


def _is_ascii_stl(start: bytes) -> bool:
    """Binary models may begin with `solid` as well, but no text has null bytes."""
    return start.lstrip().startswith(b"solid") and b"\0" not in start.rstrip(b"\0")


def _bytes(document: Document, expected: int) -> Violation:
    return Violation(document.element, f"{expected} bytes", f"{document.length} bytes")


class _References:
    """What the faces, lines and points of a model refer to."""

    def __init__(self) -> None:
        self.counts = Counter[bytes]()
        """How many there are of each kind so far."""
        self.highest = dict.fromkeys(_KINDS, 0)
        self.below = 0
        """How many numbers are below 1."""
        self.short = 0
        """How many faces and lines have too few vertices."""
        self._seen = set[bytes]()

    def take(self, words: list[bytes]) -> None:
        """Take note of a statement."""
        keyword = words[0]
        if keyword in _KINDS:
            self.counts[keyword] += 1
        elif keyword in _LEAST:
            self.short += len(words) <= _LEAST[keyword]
            # Most vertices are those of several faces.
            for word in words[1:]:
                if word not in self._seen:
                    self._take_vertex(word)

    def _take_vertex(self, word: bytes) -> None:
        if b"-" not in word:
            self._seen.add(word)
        for kind, number in zip(_KINDS, word.split(b"/"), strict=False):
            index = _index(number, self.counts[kind])
            if index is not None:
                self.below += index < 1
                self.highest[kind] = max(self.highest[kind], index)


def obj_violations(document: Document) -> Iterator[RuleViolation]:
    """References to vertices that are not there, in the first 8 MiB of an OBJ model."""
    references = _References()
    for words in _statements(document):
        references.take(words)
    if not references.counts[b"v"]:
        yield rules.MODEL_EMPTY, Violation(document.element, "vertices", "none")
        return
    for expected, found in _broken(references, is_whole=document.length <= _MOST_READ):
        yield rules.MODEL_REFERENCE, Violation(document.element, expected, found)


def _broken(references: _References, *, is_whole: bool) -> Iterator[tuple[str, str]]:
    """What is expected of the references, and what there is instead."""
    if references.short:
        yield "3 vertices in each face", f"{references.short} with fewer"
    if references.below:
        yield "numbers from 1", "other numbers"
    for kind, index in references.highest.items():
        count = references.counts[kind]
        if is_whole and index > count:
            yield f"at most {count} ({kind.decode()})", f"a reference to number {index}"


def mtl_violations(document: Document) -> Iterator[RuleViolation]:
    """A library without a material."""
    if not any(words[0] == b"newmtl" for words in _statements(document)):
        yield rules.MODEL_EMPTY, Violation(document.element, "a material (newmtl)", "none")


def _statements(document: Document) -> Iterator[list[bytes]]:
    """The words of each line that is not empty; a backslash at its end continues it."""
    held, read = b"", 0
    for piece in document.pieces():
        *lines, held = (held + piece).replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").split(b"\n")
        yield from filter(None, map(bytes.split, lines))
        read += len(piece)
        if read >= _MOST_READ:
            return
    yield from filter(None, [held.rstrip(_PADDING).split()])


def _index(number: bytes, count: int) -> int | None:
    """The number of a vertex from 1; those below zero count back from the last one before."""
    try:
        index = int(number[:20])
    except ValueError:
        return 0 if number else None
    return index if index >= 0 else count + 1 + index
