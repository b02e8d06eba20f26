"""Conditions out of the text of the standard: dicom-validator's parser, then a strict check of it.

That parser takes what it recognises in a sentence and lets the rest go. A condition that says less
than its sentence is worse than none, so here every word of the sentence must be accounted for.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from tools.standard.sources import Wheels
from tools.standard.vocabulary import dictionary, is_multiple, is_number, name

Condition = dict[str, Any]
"""A condition in the form of the facts: ``{"when": EXPR, "else": "absent" | "any"}``."""


class Comparison(NamedTuple):
    """One comparison that the parser has found."""

    tag: int
    operator: str
    position: int
    values: tuple[str | int, ...]


class Clause(NamedTuple):
    """What the parser makes of a sentence: comparisons, joined by ``all`` or ``any``."""

    join: str
    comparisons: tuple[Comparison, ...]


class Level(NamedTuple):
    """The place of an attribute, which decides what a condition can see."""

    siblings: frozenset[int] = frozenset()
    """Tags in the same item, which a condition means before all others; empty in a data set."""
    hidden: frozenset[int] = frozenset()
    """Tags of the module that are neither in this item nor in one that encloses it: whether they
    are there cannot be seen from here."""


Parse = Callable[[str], Clause | None]
"""Parses a sentence that starts with ``Required if``; None if it says nothing evaluable."""

_REQUIRED = re.compile(
    r"^(?:shall be present|required)(?: only)? (?:if|when) (?P<clause>.*?)[.;:, ]*$", re.IGNORECASE
)
_ABSENT = re.compile(r"\b(?:shall|may) not be present otherwise", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"[,;.]? (?:and )?(?:may|shall) (?:not )?be present otherwise\b.*$", re.IGNORECASE
)
# These say what is allowed without the condition; which of it is not checked.
_HARMLESS = re.compile(
    r"^(?:it )?(?:may (?:also |only )?be present|may be used|shall not be present)\b", re.IGNORECASE
)
_CONDITIONAL = re.compile(
    r"\b(?:required|shall be present|shall be included|shall be used)\b", re.IGNORECASE
)
_UNCONDITIONAL = re.compile(
    r"^(?:(?:one|zero) or (?:more|one)|only (?:a single|one)|the number of|exactly|a single|two) ",
    re.IGNORECASE,
)

# What may stay of a sentence without its attributes and values, with the join it means.
_OPERAND = (
    r"(?:if )?(?:either )?(?:a |the )?(?:(?:values? )?(?:of )?(?:the )?)?(?:value \d (?:of )?)?#"
    r"(?:,? value \d)?(?: of this frame)?(?: in the (?:[\w-]+ ){1,4}module)?"
    r"(?: at the image level)?"
)
_TEST = (
    r"(?:is present and (?:has (?:a|the) value(?: of| greater than)?|equals|is|the value is)"
    r"|is (?:not )?present(?: with (?:a )?value(?: of)?)?|are (?:not )?present"
    r"|is absent|is not sent|is sent|exists|equals(?: other than)?"
    r"|is (?:not )?(?:equal to|any of|one of the following:?)|is other than|is set to|is either"
    r"|has (?:a|the) value(?: of| other than| greater than)?|has value|value is(?: not)?"
    r"|is greater than|is less than|is non-zero|is:|is not:|is not|is|=)"
)
_PART = rf"{_OPERAND}(?:(?:,| and| or|, and|, or) {_OPERAND})*(?: value)? {_TEST}(?: @)?"


def compile_parser(wheels: Wheels) -> Parse:
    """dicom-validator's parser, imported from its wheel."""
    sys.path[:0] = [str(wheels.paths["dicom-validator"]), str(wheels.paths["pyparsing"])]
    grammar = import_module("dicom_validator.spec_reader.condition_parser")

    names = {
        f"({tag[:4]},{tag[4:]})": {"name": name(int(tag.replace("x", "0"), 16))}
        for tag in dictionary()
    }
    parser = grammar.ConditionParser(names)
    return lambda sentence: _clause(parser.parse(sentence))


def _clause(condition: Any) -> Clause | None:  # noqa: ANN401 -- an untyped package
    """The parser's object as a clause; None if it is nested, or nothing was understood."""
    parts = condition.and_conditions or condition.or_conditions or [condition]
    comparisons = []
    for part in parts:
        if part.and_conditions or part.or_conditions or part.operator is None or part.tag is None:
            return None
        tag = int(part.tag[1:5] + part.tag[6:10].replace("x", "0"), 16)
        values = tuple(part.values)
        comparisons.append(Comparison(tag, part.operator.value, part.index, values))
    return Clause("any" if condition.or_conditions else "all", tuple(comparisons))


def condition(sentences: Iterable[str], parse: Parse, level: Level) -> Condition | None:
    """The condition that a description states; None if any part of it is not understood.

    Args:
        sentences: of the description.
        parse: see `compile_parser`.
        level: the level of the attribute.
    """
    alternatives = []
    otherwise = "any"
    for sentence in sentences:
        if _ABSENT.search(sentence):
            otherwise = "absent"
        if required := _REQUIRED.match(sentence):
            clause = _plain(required["clause"])
            if (expression := _expression(clause, parse, level)) is None:
                return None
            alternatives.append(expression)
        elif _CONDITIONAL.search(sentence) and not (
            _HARMLESS.match(sentence) or _UNCONDITIONAL.match(sentence)
        ):
            return None
    if not alternatives:
        return None
    when = alternatives[0] if len(alternatives) == 1 else ["any", *alternatives]
    return {"when": when, "else": otherwise}


def _plain(clause: str) -> str:
    """A clause in the parser's words, without ``, may be present otherwise`` at its end."""
    clause = _OTHERWISE.sub("", clause)
    return clause.replace(") is used", ") is present")


def _expression(clause: str, parse: Parse, level: Level) -> list[Any] | None:
    parsed = parse(f"Required if {clause}.")
    if parsed is None or not _accounts_for(parsed, clause):
        return None
    parts = [_comparison(part, clause, level) for part in parsed.comparisons]
    if any(part is None for part in parts):
        return None
    return parts[0] if len(parts) == 1 else [parsed.join, *parts]


def _accounts_for(parsed: Clause, clause: str) -> bool:
    """Whether the parse says all that the sentence does."""
    rest = clause
    for tag in {part.tag for part in parsed.comparisons}:
        named = re.escape(name(tag).removesuffix(" UID"))
        literal = re.escape(f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
        rest, found = re.subn(rf"\b{named}(?: UID)?(?: {literal}|(?! \())", "#", rest)
        if found != sum(part.tag == tag for part in parsed.comparisons):
            return False
    for part in parsed.comparisons:
        for value in sorted(map(str, part.values), key=len, reverse=True):
            written = re.escape(value or "zero-length")
            rest = re.sub(rf"(?<![\w@])[\"“]?{written}[\"”]?(?![\w@])", "@", rest)
    # Parentheses after a value contain an explanation.
    rest = re.sub(r"@ \((?![^()]*(?:#|\bif\b))[^()]*\)", "@", rest)
    rest = re.sub(r"@(?:(?:,| or|, or) @)+", "@", rest)
    joins = {"all": r",? and ", "any": r",? or "}
    whole = rf"{_PART}(?:{joins[parsed.join]}{_PART})*"
    return re.fullmatch(whole, rest, re.IGNORECASE) is not None


def _comparison(part: Comparison, clause: str, level: Level) -> list[Any] | None:
    path: int | list[int] = [0, part.tag] if part.tag in level.siblings else part.tag
    if part.tag in level.hidden:
        return None
    presence: dict[str, list[Any]] = {
        "+": ["present", path],
        "++": ["filled", path],
        "-": ["not", ["present", path]],
    }
    if part.operator in presence:
        return presence[part.operator]
    if part.operator in {">", "<"}:
        return _ordered(part, path)
    values = _values(part)
    if values is None or part.operator not in {"=", "!=", "=>"}:
        return None
    position = part.position if _names_position(part, clause) else None
    equal = ["in", path, values, position]
    # What is absent is not "other than".
    return ["all", ["filled", path], ["not", equal]] if part.operator == "!=" else equal


def _ordered(part: Comparison, path: int | list[int]) -> list[Any] | None:
    try:
        [value] = map(float, part.values)
    except ValueError:
        return None
    return [part.operator, path, int(value) if value.is_integer() else value]


def _values(part: Comparison) -> list[str | int | float] | None:
    """The values, numbers where the attribute has numbers; None if one cannot be."""
    if not is_number(part.tag):
        return [value if part.operator == "=>" else str(value) for value in part.values] or None
    try:
        return [float(value) if "." in str(value) else int(value) for value in part.values] or None
    except ValueError:
        return None


def _names_position(part: Comparison, clause: str) -> bool:
    """Whether one value of several is meant: the parser says 0 for the first and for any."""
    if not is_multiple(part.tag):
        return False
    ordinal = ("first", "second", "third", "fourth")[part.position]
    return (
        re.search(rf"\bvalue {part.position + 1}\b|\b{ordinal} value\b", clause, re.IGNORECASE)
        is not None
    )


def same(conditions: Sequence[Condition | None]) -> Condition | None:
    """The condition if all are the same, else None."""
    return conditions[0] if conditions and all(c == conditions[0] for c in conditions) else None
