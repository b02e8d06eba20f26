"""PDF documents: their end, and the table that says where their objects are (ISO 32000-1 7.5)."""

import re
from collections.abc import Iterator

from engine.documents.document import Document
from engine.rules import document as rules
from engine.violation import RuleViolation, Violation

_TAIL = 2048
"""Where the end is looked for, in bytes: readers look into the last 1024."""
_HEADER_WITHIN = 1024
_END = b"%%EOF"
_POINTER = re.compile(rb"startxref\s+(\d{1,12})\s")
_TABLE = re.compile(rb"\s*(?:xref\s|\d{1,10}\s+\d{1,5}\s+obj)")
"""A table, or a stream of cross-references."""
_PADDING = b"\0\t\n\f\r "
_BLOCK = 4096


def pdf_violations(document: Document) -> Iterator[RuleViolation]:
    """What is wrong with a PDF document, as far as its first and last bytes show it."""
    length = _length_without_padding(document)
    start = max(length - _TAIL, 0)
    tail = document.read(start, length - start)
    end = tail.rfind(_END)
    pointers = list(_POINTER.finditer(tail + b"\n"))
    if end < 0:
        found = f"no %%EOF in the last {len(tail)} bytes"
        rule = rules.END_MISSING if pointers else rules.TRUNCATED
        yield rule, Violation(document.element, "%%EOF at the end", found)
    elif not pointers:
        yield rules.PDF_TABLE_MISSING, Violation(document.element, "startxref before %%EOF", "none")
    if pointers:
        offset = int(pointers[-1][1])
        # Counted from the header: readers put up with other bytes before it.
        header = max(document.read(0, _HEADER_WITHIN).find(b"%PDF-"), 0)
        if not any(_TABLE.match(document.read(base + offset, 64)) for base in {0, header}):
            found = f"none at byte {offset}"
            yield rules.PDF_TABLE, Violation(document.element, "a cross-reference table", found)


def _length_without_padding(document: Document) -> int:
    """Behind the end, writers fill up with null bytes or blanks, some of them whole blocks."""
    length = document.length
    while length > 0:
        start = max(length - _BLOCK, 0)
        rest = document.read(start, length - start).rstrip(_PADDING)
        if rest:
            return start + len(rest)
        length = start
    return 0
