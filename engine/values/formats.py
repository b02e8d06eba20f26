"""Strings of a fixed form: AE, AS, CS, DA, DS, DT, IS, TM, UR (PS3.5 6.2)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from engine.encoding import vr as vrs
from engine.rule import Rule
from engine.rules import value as rules
from engine.values.dates import is_calendar_date, is_date_time
from engine.values.judgement import NOTHING, SHOWN, VALID, Judgement, broken
from engine.violation import RuleViolation

_PADDING = b" \0"
_SHORT_INTEGER = 9
"""Digits that always fit into 32 bits."""


@dataclass(frozen=True, eq=False)
class Format:
    """The form of one value.

    Attributes:
        pattern: a regular expression for one value; possessive throughout, so that it takes
            linear time.
        length: how many bytes one value may have.
        rule: what a value breaks that has another form.
        expected: the form in words.
        multiple: whether a backslash separates values.
        holds: what else must be true of a value of that form.
        old_form: a pattern of values that the standard once had, and the rule that is broken then.
        fixed: whether values have a fixed length, so that padding only evens several of them out.
    """

    pattern: bytes
    length: int
    rule: Rule
    expected: str
    multiple: bool = True
    holds: Callable[[bytes], bool] | None = None
    old_form: tuple["re.Pattern[bytes]", Rule] | None = None
    fixed: bool = False

    @cached_property
    def _one(self) -> "re.Pattern[bytes]":
        return re.compile(self.pattern)

    @cached_property
    def _all(self) -> "re.Pattern[bytes]":
        one = b"(?:" + self.pattern + b")?+"
        return re.compile(one + rb"(?:\\" + one + b")*+") if self.multiple else self._one

    def judge(self, value: bytes) -> Judgement:
        """Judge all values of an element; those without a character are none."""
        text = value.rstrip(_PADDING)
        violations = self._padding(value, text)
        if not text:
            return self._judge_blank(value)
        parts = text.split(b"\\") if self.multiple else [text]
        if not self._are_valid(text, parts):
            violations += self._malformed(parts)
        if len(parts) == 1 and not violations:
            return VALID
        return Judgement(len(parts), tuple(violations))

    def _padding(self, value: bytes, text: bytes) -> list[RuleViolation]:
        if value.rstrip(b" ").endswith(b"\0"):
            return [broken(rules.PADDING, "spaces", value=value[-SHOWN:])]
        if self.fixed and len(value) > len(text) + len(text) % 2:
            return [broken(rules.PADDING, "no spaces", value=value[-SHOWN:])]
        return []

    def _malformed(self, parts: list[bytes]) -> list[RuleViolation]:
        malformed = [part for part in parts if part and not self._is_valid(part)]
        return [self._broken(malformed[0])] if malformed else []

    def _judge_blank(self, value: bytes) -> Judgement:
        # Only AE forbids it: elsewhere spaces are a value that is empty.
        if value and self.rule is rules.APPLICATION_ENTITY:
            return Judgement(0, (broken(self.rule, self.expected, "spaces"),))
        return NOTHING

    def _are_valid(self, text: bytes, parts: list[bytes]) -> bool:
        # One match for all values: contours have tens of thousands.
        return (
            self._all.fullmatch(text) is not None
            and max(map(len, parts)) <= self.length
            and (self.holds is None or all(self.holds(part) for part in parts if part))
        )

    def _is_valid(self, part: bytes) -> bool:
        return (
            len(part) <= self.length
            and self._one.fullmatch(part) is not None
            and (self.holds is None or self.holds(part))
        )

    def _broken(self, part: bytes) -> RuleViolation:
        if self.old_form and self.old_form[0].fullmatch(part):
            return broken(self.old_form[1], self.expected, value=part)
        return broken(self.rule, self.expected, value=part[:SHOWN])


def _fits_32_bits(text: bytes) -> bool:
    return len(text) <= _SHORT_INTEGER or -(2**31) <= int(text) < 2**31


_MONTH, _DAY = b"(?:0[1-9]|1[0-2])", b"(?:0[1-9]|[12][0-9]|3[01])"
_HOUR, _MINUTE, _SECOND = b"(?:[01][0-9]|2[0-3])", b"[0-5][0-9]", b"(?:[0-5][0-9]|60)"
_FRACTION = rb"(?:\.[0-9]{1,6}+)?+"
_TIME = b"%b(?:%b(?:%b%b)?+)?+" % (_HOUR, _MINUTE, _SECOND, _FRACTION)
_OLD_TIME = b"%b:%b(?::%b%b)?+" % (_HOUR, _MINUTE, _SECOND, _FRACTION)
_OLD_DATE = rb"[0-9]{4}\.%b\.%b" % (_MONTH, _DAY)
_DATE_TIME = b"[0-9]{4}(?:%b(?:%b(?:%b)?+)?+)?+(?:[+-][0-9]{2}[0-5][0-9])?+" % (
    _MONTH,
    _DAY,
    _TIME,
)

FORMATS = {
    vrs.CODES[b"AE"]: Format(
        rb"[ -\[\]-~]*+",
        16,
        rules.APPLICATION_ENTITY,
        "1 to 16 printable characters, not only spaces",
    ),
    vrs.CODES[b"AS"]: Format(
        b"[0-9]{3}[DWMY]", 4, rules.AGE, "three digits and D, W, M or Y", fixed=True
    ),
    vrs.CODES[b"CS"]: Format(
        b"[A-Z0-9_ ]*+",
        16,
        rules.CODE_STRING,
        "at most 16 capital letters, digits, spaces, underscores",
    ),
    vrs.CODES[b"DA"]: Format(
        b"[0-9]{4}%b%b" % (_MONTH, _DAY),
        8,
        rules.DATE,
        "YYYYMMDD",
        holds=is_calendar_date,
        old_form=(re.compile(_OLD_DATE), rules.DATE_OLD_FORM),
        fixed=True,
    ),
    vrs.CODES[b"DS"]: Format(
        rb" *+[+-]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[Ee][+-]?+[0-9]++)?+ *+",
        16,
        rules.DECIMAL,
        "a decimal number of at most 16 characters",
    ),
    vrs.CODES[b"DT"]: Format(
        _DATE_TIME + b" *+",
        26,
        rules.DATE_TIME,
        "YYYYMMDDHHMMSS.FFFFFF&ZZXX",
        holds=is_date_time,
    ),
    vrs.CODES[b"IS"]: Format(
        b" *+[+-]?+[0-9]++ *+",
        12,
        rules.INTEGER,
        "an integer from -2147483648 to 2147483647",
        holds=_fits_32_bits,
    ),
    vrs.CODES[b"TM"]: Format(
        _TIME + b" *+",
        14,
        rules.TIME,
        "HHMMSS.FFFFFF",
        old_form=(re.compile(_OLD_TIME), rules.TIME_OLD_FORM),
    ),
    vrs.CODES[b"UR"]: Format(
        rb"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})*+",
        1 << 32,
        rules.URI,
        "a URI as in RFC 3986",
        multiple=False,
    ),
}
"""The format of each VR that has one, by its code."""
