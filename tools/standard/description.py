"""Reads an attribute's description in HTML: its sentences, and its lists of values."""

import re
from functools import cache
from html.parser import HTMLParser
from typing import NamedTuple


class ValueList(NamedTuple):
    """A list of values, or the first column of a table that lists them."""

    heading: str
    """Such as ``Defined Terms for Value 3:``; of a table the head of that column."""
    terms: tuple[str, ...]
    title: str = ""
    """Of its section, such as ``C.7.6.3.1.2 Photometric Interpretation``; empty
    in the description of an attribute."""


class Description(NamedTuple):
    """A description without its notes."""

    sentences: tuple[str, ...]
    lists: tuple[ValueList, ...]


class _Table:
    """A table that may list values: its first column."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []

    def start(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "tr":
            self._rows.append([])
        elif tag in {"th", "td"} and self._rows:
            # Below a cell of several rows the first one is of another column: no list then.
            is_single = attributes.get("rowspan", "1") == "1"
            self._rows[-1] += [""] if is_single else ["", ""]

    def add(self, text: str) -> None:
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] += text

    def listed(self) -> tuple[str, list[str]]:
        """The head of the first column, and what is below it."""
        head, *terms = [_words(row[0]) for row in self._rows if row] or [""]
        return head.removesuffix(" Name"), terms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self.lists: list[tuple[str, list[str], str]] = []
        self._title = ""
        self._text = ""
        self._heading = ""
        self._divisions: list[bool] = []  # whether each open one is a note
        self._depth = 0  # of lists of values
        self._tables: list[_Table] = []  # open ones; a description is a bare cell

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"p", "li", "td", "dt", "h3", "strong"}:
            self._flush()
        if tag == "div":
            self._divisions.append(False)
        elif tag == "dl":
            self._depth += 1
            if self._depth == 1:
                self.lists.append((self._heading, [], self._title))
                self._heading = ""
        elif tag == "table":
            self._tables.append(_Table())
        elif self._tables:
            self._tables[-1].start(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag == "h3":
            self._end_of_note_title()
        elif re.fullmatch("h[4-6]", tag):
            self._title, self._text = _words(self._text), ""
        elif tag == "strong":
            self._heading, self._text = _words(self._text), ""
        elif tag in {"dt", "dl"}:
            self._end_of_list(tag)
        elif tag == "table" and self._tables:
            self.lists.append((*self._tables.pop().listed(), self._title))
        elif tag in {"div", "p", "li", "td"}:
            self._flush()
            if tag == "div" and self._divisions:
                self._divisions.pop()

    def _end_of_note_title(self) -> None:
        if self._divisions and self._text.strip().startswith("Note"):
            self._divisions[-1] = True
            self._text = ""

    def _end_of_list(self, tag: str) -> None:
        if tag == "dl":
            self._depth -= 1
        elif self._depth == 1:
            self.lists[-1][1].append(_words(self._text))
        self._text = ""

    def handle_data(self, data: str) -> None:
        self._text += data
        if self._tables:
            self._tables[-1].add(data)

    def _flush(self) -> None:
        text, self._text = _words(self._text), ""
        if text and not any(self._divisions) and not self._depth:
            self.paragraphs.append(text)


def _words(text: str) -> str:
    return " ".join(text.replace("\u200b", "").split())


@cache
def read(html: str) -> Description:
    """Read a description."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    sentences = [
        sentence
        for paragraph in reader.paragraphs
        for sentence in re.split(r"(?<=[.;])\s+(?=[A-Z]|may |shall )", paragraph)
    ]
    lists = (
        ValueList(heading, tuple(terms), title) for heading, terms, title in reader.lists if heading
    )
    return Description(tuple(sentences), tuple(lists))


_SINGLE = re.compile(
    r"(only|zero or) (a single|one) item (shall be|is) (included|permitted|present)"
    r"( in th(is|e) sequence)?[.]?",
    re.IGNORECASE,
)
"""The whole sentence: others depend on what else is there."""


def is_single(html: str) -> bool:
    """Whether a description of a sequence allows one item at most."""
    return any(map(_SINGLE.fullmatch, read(html).sentences))
