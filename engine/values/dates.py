"""Dates and times: what their form alone does not say (PS3.5 6.2, DA, DT)."""

from datetime import date

_LEAST_OFFSET, _GREATEST_OFFSET = -1200, 1400


def is_calendar_date(text: bytes) -> bool:
    """Whether YYYYMMDD, with or without dots, is a day of the Gregorian calendar."""
    digits = text.replace(b".", b"")
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


def is_date_time(text: bytes) -> bool:
    """Whether the date of a DT value of the right form exists, and its offset from UTC.

    Month and day may be missing; an offset of zero has a plus sign.
    """
    moment, sign, offset = _without_offset(text.rstrip(b" "))
    if not is_calendar_date(moment[:8] + b"0101"[max(len(moment), 4) - 4 :]):
        return False
    if not sign:
        return True
    hours_and_minutes = int(sign + offset)
    in_range = _LEAST_OFFSET <= hours_and_minutes <= _GREATEST_OFFSET
    return in_range and not (sign == b"-" and hours_and_minutes == 0)


def _without_offset(text: bytes) -> tuple[bytes, bytes, bytes]:
    for sign in (b"+", b"-"):
        if sign in text:
            return text.partition(sign)
    return text, b"", b""
