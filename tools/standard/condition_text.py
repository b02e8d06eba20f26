"""The readable form of conditions: `PhotometricInterpretation is "PALETTE COLOR"` to an expression.

    condition:   part, or several joined by `and` and `or` (`and` binds tighter), in parentheses
    part:        present PATH | absent PATH | filled PATH | PATH is VALUE, ...
                 | PATH is not VALUE, ... | PATH > NUMBER | PATH < NUMBER
                 | module ID | group KEYWORD | unknown | not PART
                 | the name of a term that the caller gives
    path:        keywords joined by dots, `own` before it: of this very item, not of enclosing ones
    one value:   ImageType[1]; values are counted from 1, as the standard does

Values are numbers, texts, keywords of attributes or of UIDs, whichever the VR of the attribute asks
for. `is not` holds only for an element that has a value: what is missing is not "other than NONE".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydicom import uid as uids
from pydicom.datadict import dictionary_VR, tag_for_keyword

Expression = list[Any]
"""A JSON array as `engine.standard.condition` describes it."""

_TOKEN = re.compile(r'\s*("[^"]*"|\[\d+\]|[(),<>]|[^\s()\[\],<>"]+)')
_NUMERIC = frozenset(["DS", "IS", "US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"])


class ConditionTextError(ValueError):
    """A condition that can't be read: an unknown word, keyword or value, or wrong grammar."""


def parse(text: str, terms: Mapping[str, Expression]) -> Expression:
    """Read a condition.

    Args:
        text: the condition in the form that this module describes.
        terms: expressions that go by a name in it.

    Raises:
        ConditionTextError: it can't be read.
    """
    parser = _Parser(text, terms)
    expression = parser.alternatives()
    if parser.next:
        raise ConditionTextError(f"{parser.next!r} was not expected in: {text}")
    return expression


def tag_of(keyword: str) -> int:
    """The tag of an attribute.

    Raises:
        ConditionTextError: the data dictionary has no such keyword.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ConditionTextError(f"no attribute has the keyword {keyword}")
    return tag


class _Parser:
    """Descends from `or` to the single part; `next` is the token to be read next, "" at the end."""

    def __init__(self, text: str, terms: Mapping[str, Expression]) -> None:
        self._text = text
        self._terms = terms
        self._tokens = _TOKEN.findall(text)[::-1]
        if "".join(text.split()) != "".join("".join(self._tokens[::-1]).split()):
            raise ConditionTextError(f"a stray quote or bracket in: {text}")

    @property
    def next(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def alternatives(self) -> Expression:
        return self._joined("or", "any", lambda: self._joined("and", "all", self._part))

    def _joined(self, word: str, operator: str, part: Callable[[], Expression]) -> Expression:
        parts = [part()]
        while self.next == word:
            self._take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else [operator, *parts]

    def _take(self) -> str:
        if not self._tokens:
            raise ConditionTextError(f"the end comes too early in: {self._text}")
        return str(self._tokens.pop())

    def _part(self) -> Expression:
        if self.next in self._terms:
            return self._terms[self._take()]
        readers: Mapping[str, Callable[[], Expression]] = {
            "(": self._parenthesized,
            "not": self._negated,
            "absent": self._absent,
            "present": self._existing,
            "filled": self._existing,
            "module": lambda: [self._take(), self._take()],
            "group": lambda: [self._take(), tag_of(self._take())],
            "unknown": lambda: [self._take()],
        }
        return readers.get(self.next, self._comparison)()

    def _parenthesized(self) -> Expression:
        self._take()
        inside = self.alternatives()
        if (found := self._take()) != ")":
            raise ConditionTextError(f"')' expected instead of {found!r} in: {self._text}")
        return inside

    def _negated(self) -> Expression:
        self._take()
        return ["not", self._part()]

    def _absent(self) -> Expression:
        self._take()
        return ["not", ["present", self._path()[0]]]

    def _existing(self) -> Expression:
        return [self._take(), self._path()[0]]

    def _path(self) -> tuple[int | list[int], str]:
        """A path and the VR of the attribute that it ends with."""
        own = self.next == "own"
        if own:
            self._take()
        keywords = self._take().split(".")
        tags = [tag_of(keyword) for keyword in keywords]
        path = [0, *tags] if own else tags if len(tags) > 1 else tags[0]
        return path, dictionary_VR(tags[-1]).partition(" ")[0]

    def _comparison(self) -> Expression:
        path, vr = self._path()
        position = None
        if self.next.startswith("["):
            position = int(self._take()[1:-1]) - 1
        match self._take():
            case "is" if self.next == "not":
                self._take()
                return ["all", ["filled", path], ["not", ["in", path, self._values(vr), position]]]
            case "is":
                return ["in", path, self._values(vr), position]
            case "<" | ">" as operator:
                return [operator, path, self._value("DS")]
            case word:
                raise ConditionTextError(f"{word!r} is not a comparison in: {self._text}")

    def _values(self, vr: str) -> list[str | int | float]:
        values = [self._value(vr)]
        while self.next == ",":
            self._take()
            values.append(self._value(vr))
        return values

    def _value(self, vr: str) -> str | int | float:
        word = self._take().strip('"')
        if vr == "AT":
            return tag_of(word)
        if vr == "UI":
            uid = getattr(uids, word, None)
            if not isinstance(uid, uids.UID):
                raise ConditionTextError(f"no UID has the keyword {word}")
            return str(uid)
        if vr not in _NUMERIC:
            return word
        try:
            number = float(word)
        except ValueError as error:
            raise ConditionTextError(f"{word!r} is not a number in: {self._text}") from error
        return int(number) if number.is_integer() else number
