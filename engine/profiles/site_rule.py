"""What a site requires beyond the standard, for example the rules of a trial protocol."""

import re
from collections.abc import Iterator
from enum import StrEnum
from math import isfinite
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, model_validator

from contracts.report import Severity
from engine.formulas.parsing import parsed
from engine.profiles.pattern import PatternError, compiled
from engine.profiles.selection import OneOrMore, Selection, suggestion
from engine.standard import facts
from engine.tags import tag_text

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_MOST_STEPS = 16
_NUMBERS = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
_NO_VALUES = frozenset({"SQ", "OB", "OW", "OD", "OF", "OL", "OV", "UN", "AT"})
"""What has no values that a list or a pattern could name."""


class MustBe(StrEnum):
    """What an element has to be."""

    PRESENT = "present"
    """Present, with or without a value."""
    FILLED = "filled"
    """Present, with a value."""
    EMPTY = "empty"
    """Without a value, or absent."""
    ABSENT = "absent"
    """Absent."""


def _tags(path: object) -> object:
    if not isinstance(path, str):
        return path
    tags = [_tag(step.strip()) for step in path.split(">")]
    for tag in tags[:-1]:
        if facts.vr_of(tag) != "SQ":
            raise ValueError(f"{_name(tag)} is not a sequence, nothing is in it")
    return tags


def _tag(step: str) -> int:
    if match := _TAG.fullmatch(step):
        tag = int(match[1] + match[2], 16)
        if facts.keyword_of(tag) is not None:
            return tag
        raise ValueError(f"element {tag_text(tag)} is not in the data dictionary")
    if (known := facts.tag_of(step)) is None:
        raise unknown_keyword(step)
    return known


def unknown_keyword(keyword: str) -> ValueError:
    """The error for a keyword that the data dictionary does not have."""
    known = (entry.keyword for entry in facts.load().dictionary.values() if entry.keyword)
    return ValueError(f"unknown element '{keyword}'{suggestion(keyword, known)}")


def _name(tag: int) -> str:
    return facts.keyword_of(tag) or tag_text(tag)


def _pattern(text: str) -> str:
    try:
        compiled(text)
    except PatternError as error:
        raise ValueError(f"the pattern can't be used: {error}") from None
    return text


def _formula(text: str) -> str:
    parsed(text)
    return text


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


Formula = Annotated[str, AfterValidator(_formula)]
Number = Annotated[float, Field(allow_inf_nan=False)]
AllowedValue = Annotated[str, Field(max_length=200)]


class SiteRule(Selection):
    """One requirement for one element."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)
    """Name of the rule; its findings contain it."""
    element: Annotated[
        tuple[int, ...], BeforeValidator(_tags), Field(min_length=1, max_length=_MOST_STEPS)
    ]
    """Keyword or tag; `Sequence > Element` for one in every item of a sequence."""
    anywhere: bool = False
    """Whether the element is looked for at any depth, not only where the path starts at the top."""
    must_be: MustBe | None = None
    """What it has to be; by default an element without a value is fine."""
    allowed: OneOrMore[AllowedValue] = Field(default=(), alias="in")
    """The only values that it may have."""
    at_least: Number | None = None
    """The smallest number that it may have, in the unit of the standard."""
    at_most: Number | None = None
    """The greatest number that it may have, in the unit of the standard."""
    matches: Annotated[str, AfterValidator(_pattern)] | None = None
    """A regular expression for the whole value."""
    require: Formula | None = None
    """A formula that must be true in the data set or item that has the element."""
    when: Formula | None = None
    """A formula too: where it is not true, `require` asks for nothing."""
    position: PositiveInt | None = None
    """Which value of a multi-valued element is meant, counted from 1; by default all of them."""
    severity: Severity = Severity.ERROR
    """The severity of its findings."""
    message: str | None = Field(default=None, min_length=1, max_length=300)
    """The message of its findings, instead of the general sentence."""

    @property
    def path(self) -> str:
        """The element as people write it: `Sequence > Element`."""
        return " > ".join(map(_name, self.element))

    @property
    def demands(self) -> str:
        """What it requires, in words."""
        demands = [f"must be {self.must_be}"] if self.must_be else []
        if self.allowed:
            demands.append(f"in {', '.join(self.allowed)}")
        if self.has_bounds:
            demands.append(self.bounds)
        if self.matches:
            demands.append(f"matches {self.matches}")
        if self.require:
            demands.append(self.require)
        return "; ".join(demands)

    @property
    def bounds(self) -> str:
        """The bounds of a number in words."""
        bounds = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(f"{word} {number:g}" for word, number in bounds if number is not None)

    @property
    def restricts_values(self) -> bool:
        """Whether it restricts the values."""
        return bool(self.allowed or self.matches) or self.has_bounds

    @property
    def has_bounds(self) -> bool:
        """Whether it limits numbers."""
        return self.at_least is not None or self.at_most is not None

    @property
    def holds_numbers(self) -> bool:
        """Whether the element has a VR of numbers."""
        return _NUMBERS.issuperset((facts.vr_of(self.element[-1]) or "UN").split(" or "))

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if problems := list(self._contradictions()):
            raise ValueError("; ".join(problems))
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.when and not self.require:
            yield "when needs require"
        if not self.restricts_values:
            if not self.must_be and not self.require:
                yield (
                    "the rule requires nothing: give must_be, in, at_least, at_most, matches or "
                    "require"
                )
            if self.position is not None:
                yield "position needs in, at_least, at_most or matches"
        elif self.must_be in {MustBe.EMPTY, MustBe.ABSENT}:
            yield f"an element that must be {self.must_be} has no values to restrict"
        yield from self._impossible_values()
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield "at_least is greater than at_most"

    def _impossible_values(self) -> Iterator[str]:
        vr = facts.vr_of(self.element[-1]) or "UN"
        element = f"{_name(self.element[-1])} (VR {vr})"
        if self.restricts_values and not _NO_VALUES.isdisjoint(vr.split(" or ")):
            yield f"the values of {element} can't be restricted"
        elif self.has_bounds and not self.holds_numbers:
            yield f"{element} holds no numbers"
        if self.holds_numbers and not all(map(_is_number, self.allowed)):
            yield f"{element} holds numbers, the list has others"
