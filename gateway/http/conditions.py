"""Conditions and ranges of a request for a file (RFC 9110, 13 and 14)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Self

from starlette.datastructures import Headers

MOST_RANGES = 100
"""A request for more ranges gets the whole file."""

_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18})")


class UnsatisfiableRangeError(ValueError):
    """None of the ranges is within the file."""


@dataclass(frozen=True)
class Version:
    """The version of a file.

    Attributes:
        tag: a strong entity tag, with its quotes; changes whenever the bytes do.
        changed_at: when they did last, in whole seconds, UTC.
    """

    tag: str
    changed_at: datetime

    @classmethod
    def of(cls, tag: str, changed_at: float) -> Self:
        """A version from what names it and the time of its last change, in seconds since 1970."""
        return cls(f'"{tag}"', datetime.fromtimestamp(int(changed_at), UTC))

    @property
    def headers(self) -> dict[str, str]:
        """Its response headers."""
        date = format_datetime(self.changed_at, usegmt=True)
        return {"ETag": self.tag, "Last-Modified": date}

    def failed_precondition(self, headers: Headers) -> HTTPStatus | None:
        """Why a request for this version gets no file: 412 or 304; None if it gets it.

        In the order of RFC 9110, 13.2.2.
        """
        if (condition := _all(headers, "if-match")) is not None:
            if not is_listed(self.tag, condition, strong=True):
                return HTTPStatus.PRECONDITION_FAILED
        elif (time := _date(headers, "if-unmodified-since")) and self.changed_at > time:
            return HTTPStatus.PRECONDITION_FAILED
        if (condition := _all(headers, "if-none-match")) is not None:
            if is_listed(self.tag, condition):
                return HTTPStatus.NOT_MODIFIED
        elif (time := _date(headers, "if-modified-since")) and self.changed_at <= time:
            return HTTPStatus.NOT_MODIFIED
        return None

    def ranges(self, headers: Headers, size_bytes: int) -> list[tuple[int, int]] | None:
        """The ranges of the file that a request asks for; None for all of it.

        A `Range` that is not understood is ignored, and so is one for another version.

        Returns:
            The position of the first byte of each range, and the one after its last byte; in
            order, with overlapping ranges merged.

        Raises:
            UnsatisfiableRangeError: no range begins within the file.
        """
        if headers.get("if-range", self.tag) not in self.headers.values():
            return None
        unit, _, listed = headers.get("range", "").partition("=")
        wanted = [part.strip() for part in listed.split(",") if part.strip()]
        found = [match for part in wanted if (match := _RANGE.fullmatch(part))]
        if unit.strip().lower() != "bytes" or not 0 < len(found) <= MOST_RANGES:
            return None
        if len(found) != len(wanted):
            return None
        ranges = []
        for first, last, length in (match.groups() for match in found):
            start = int(first) if first else max(size_bytes - int(length), 0)
            end = int(last) + 1 if last else size_bytes
            if last and end <= start:
                return None
            if start < size_bytes:
                ranges.append((start, min(end, size_bytes)))
        if not ranges:
            raise UnsatisfiableRangeError
        return _merged(ranges)


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, those that overlap or touch merged into one."""
    ranges = sorted(ranges)
    merged = [ranges[0]]
    for start, end in ranges[1:]:
        if start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def is_listed(tag: str, condition: str, *, strong: bool = False) -> bool:
    """Whether an `If-Match` (strong comparison) or `If-None-Match` names a version."""
    listed = [part.strip() for part in condition.split(",")]
    if "*" in listed:
        return True
    if strong:
        return tag in listed and not tag.startswith("W/")
    return tag.removeprefix("W/") in (part.removeprefix("W/") for part in listed)


def _all(headers: Headers, name: str) -> str | None:
    return ",".join(headers.getlist(name)) if name in headers else None


def _date(headers: Headers, name: str) -> datetime | None:
    """A date; None when there is none, or none that can be read."""
    try:
        date = parsedate_to_datetime(headers.get(name, ""))
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
