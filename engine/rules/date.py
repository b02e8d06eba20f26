"""Rules of dates and ages: whether they can be true together.

No sentence of the standard demands it, so that these are remarks; a profile may raise them. Dates
that are known to stand for none, and those of instances that say that theirs were changed, are not
compared.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from contracts.report import Severity
from engine.encoding.elements import Element, Elements
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import (
    ACQUISITION_DATE,
    ACQUISITION_DATE_TIME,
    ACQUISITION_TIME,
    CONTENT_DATE,
    CONTENT_TIME,
    INSTANCE_CREATION_DATE,
    LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED,
    PATIENT_AGE,
    PATIENT_BIRTH_DATE,
    SERIES_DATE,
    SERIES_TIME,
    STUDY_DATE,
    STUDY_TIME,
    TIMEZONE_OFFSET_FROM_UTC,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_PLACEHOLDERS = frozenset(
    {
        *("00010101", "11111111", "18000101", "18500101", "18580101", "18581117", "18990101"),
        *("18991230", "18991231", "19000101", "19010101", "19110101", "19700101", "19800101"),
        *("22001231", "29991231", "99990101", "99991231"),
    }
)
"""Dates that software writes where it has none: the beginnings and ends of calendars, centuries and
the clocks of computers."""
_BIRTHDAYS = frozenset({"19700101", "19800101"})
"""Those among them on which living people were born."""
_DATES = (
    PATIENT_BIRTH_DATE,
    STUDY_DATE,
    SERIES_DATE,
    ACQUISITION_DATE,
    CONTENT_DATE,
)
_CHANGED = {"MODIFIED", "REMOVED"}
_OFFSET = re.compile(r"([+-])([0-9]{2})([0-5][0-9])")
_WEST, _EAST = -12 * 60, 14 * 60
"""The furthest offsets, in minutes."""
_OLDEST = 130
"""How old a patient may be, in years: no one has reached it."""
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4, "Y": 365.25}
"""How many days each unit of an age has."""


class _Moment(NamedTuple):
    """The tags of a date and of its time."""

    date: int
    time: int
    name: str


_ACQUISITION = _Moment(ACQUISITION_DATE, ACQUISITION_TIME, "the acquisition")
_CONTENT = _Moment(CONTENT_DATE, CONTENT_TIME, "the content")
_ORDER = (
    (
        _Moment(STUDY_DATE, STUDY_TIME, "the study"),
        (_Moment(SERIES_DATE, SERIES_TIME, "the series"), _ACQUISITION, _CONTENT),
    ),
    (_ACQUISITION, (_CONTENT, _Moment(INSTANCE_CREATION_DATE, 0, "the instance"))),
)
"""What does not begin after what. Series may be made from others of any age."""


@RULES.check(
    "date.placeholder",
    Severity.INFO,
    "A date is one that software writes where it has none.",
    "PS3.15 E.1",
    why="It is the date of nothing. Ages and intervals that are computed from it mean nothing.",
    fix="Leave the value empty where that is allowed.",
    violation=False,
)
def dates_are_of_days(instance: Instance) -> Iterator[Violation]:
    """Of patient, study, series, acquisition and content."""
    dataset = instance.dataset
    for tag in _DATES:
        element = dataset.get(tag)
        known = _PLACEHOLDERS - _BIRTHDAYS if tag == PATIENT_BIRTH_DATE else _PLACEHOLDERS
        if element is not None and element.text(16) in known:
            yield Violation(element, "the date of a day", "a placeholder")


@RULES.check(
    "date.order",
    Severity.INFO,
    "Something was made before what it is a part of, or made from, had begun.",
    "PS3.3 C.7.2.1",
    why="Lists sort it into the wrong place, and courses of contrast or dose come out wrong. A "
    "clock was wrong, or dates were changed one by one.",
    fix="Compare the dates with those of the device; shift all dates of a study alike.",
    violation=False,
)
def dates_are_in_order(instance: Instance) -> Iterator[Violation]:
    """Times count where both are of one day."""
    dataset = instance.dataset
    if _is_changed(dataset):
        return
    for first, later in _ORDER:
        places = [place for second in later if (place := _too_early(dataset, first, second))]
        start = dataset.get(first.date)
        if len(places) > 1 and start:  # then it is that one which is wrong
            yield Violation(start, f"nothing before {first.name}", f"{len(places)} earlier moments")
        else:
            for place in places:
                yield Violation(place, f"nothing before {first.name}", "an earlier moment")


def _too_early(dataset: Elements, first: _Moment, second: _Moment) -> Element | None:
    """The date, or the time on the same day, that is before the first moment; None if none is."""
    early, late = _day(dataset, first.date), _day(dataset, second.date)
    if not early or not late or late[1] > early[1]:
        return None
    if late[1] < early[1]:
        return late[0]
    time = dataset.get(second.time)
    is_before = time is not None and _is_before(time.text(16)[:6], dataset.text(first.time)[:6])
    return time if is_before else None


@RULES.check(
    "date.date-time",
    Severity.INFO,
    "AcquisitionDateTime is on another day than AcquisitionDate.",
    "PS3.3 C.7.6.1",
    why="Software reads one or the other, and sorts the image differently.",
    fix="Write the same moment in both.",
    violation=False,
)
def both_forms_of_the_acquisition_agree(instance: Instance) -> Iterator[Violation]:
    """A day of difference may be that of time zones."""
    dataset = instance.dataset
    moment, acquired = dataset.get(ACQUISITION_DATE_TIME), _day(dataset, ACQUISITION_DATE)
    if moment is not None and acquired:
        day = _parsed(moment.text(16)[:8])
        if day and abs((day - acquired[1]).days) > 1:
            yield Violation(moment, "the day of AcquisitionDate", "another day")


@RULES.check(
    "date.timezone",
    Severity.WARNING,
    "TimezoneOffsetFromUTC is no offset: a sign, hours and minutes, from -1200 to +1400.",
    "PS3.3 C.12.1.1.8",
    why="All times of the instance depend on it: they are taken for others, or the reader fails.",
    fix="Write the offset as &ZZXX, such as +0100; UTC itself is +0000.",
)
def offset_is_one(instance: Instance) -> Iterator[Violation]:
    """Of the data set; -0000 is not allowed."""
    element = instance.dataset.get(TIMEZONE_OFFSET_FROM_UTC)
    if element is None or element.is_empty:
        return
    match = _OFFSET.fullmatch(element.text(16))
    minutes = int(f"{match[1]}1") * (60 * int(match[2]) + int(match[3])) if match else None
    is_one = minutes is not None and _WEST <= minutes <= _EAST and (match or "")[0] != "-0000"
    if not is_one:
        yield Violation(element, "&ZZXX", None, element.value(16))


@RULES.check(
    "date.age",
    Severity.INFO,
    "The age of the patient does not fit birth date and study date.",
    "PS3.3 C.7.2.2",
    why="Doses and reference values depend on the age; or two patients have been mixed up.",
    fix="Compare the birth date with the patient's record.",
    violation=False,
)
def age_fits_the_birth_date(instance: Instance) -> Iterator[Violation]:
    """Ages are rounded: one unit more or less is the same."""
    dataset = instance.dataset
    element = dataset.get(PATIENT_AGE)
    if element is None or _is_changed(dataset):
        return
    age = element.text(8)
    unit = _DAYS.get(age[3:])
    birth, study = _day(dataset, PATIENT_BIRTH_DATE), _day(dataset, STUDY_DATE)
    if unit is None or not age[:3].isdigit() or not birth or not study:
        return
    days = (study[1] - birth[1]).days
    if days >= 0 and abs(days / unit - int(age[:3]) - 0.5) > 1.6:
        yield Violation(element, f"an age of about {days / unit:.0f}{age[3:]}", age)


@RULES.check(
    "date.age-implausible",
    Severity.INFO,
    "The patient would be older than anybody has become.",
    "PS3.3 C.7.1.1",
    why="One of the dates is wrong; software that computes the age may fail.",
    fix="Compare both dates with the patient's record.",
    violation=False,
)
def patients_are_not_too_old(instance: Instance) -> Iterator[Violation]:
    """By birth date and study date, and by the age itself."""
    dataset = instance.dataset
    birth, study = _day(dataset, PATIENT_BIRTH_DATE), _day(dataset, STUDY_DATE)
    if birth and study and (study[1] - birth[1]).days > _OLDEST * _DAYS["Y"]:
        yield Violation(birth[0], f"at most {_OLDEST} years before the study", "more")
    age = dataset.get(PATIENT_AGE)
    if age is not None:
        text = age.text(8)
        if text[3:] == "Y" and text[:3].isdigit() and int(text[:3]) > _OLDEST:
            yield Violation(age, f"at most {_OLDEST:03}Y", text)


def _is_before(one: str, other: str) -> bool:
    """Of two times with hours, minutes and seconds; others are not compared."""
    return all(len(time) == 6 and time.isdigit() for time in (one, other)) and one < other


def _is_changed(dataset: Elements) -> bool:
    """Whether the instance says that its dates were shifted or replaced (PS3.15 E.3.6)."""
    return dataset.text(LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED) in _CHANGED


def _day(dataset: Elements, tag: int) -> tuple[Element, date] | None:
    """An element and its day; None if it has none that is known to be one."""
    element = dataset.get(tag)
    day = None if element is None else _parsed(element.text(16))
    return (element, day) if element and day else None


@lru_cache(256)
def _parsed(text: str) -> date | None:
    if len(text) != 8 or not text.isascii() or not text.isdigit() or text in _PLACEHOLDERS:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
