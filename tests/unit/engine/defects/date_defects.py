"""Dates and ages that cannot be true together."""

from collections.abc import Iterator

from unit.engine.clean import images
from unit.engine.defects.defect import Defect, put


def cases() -> Iterator[Defect]:
    """Of a CT image that was made on the day of its study, 29 February 2024."""
    ct = images.ct().put("PatientAge", "054Y").put("PatientBirthDate", "19700131")
    ct = ct.put("StudyDate", "20240229").put("StudyTime", "101000")
    for date, time in (
        ("SeriesDate", "SeriesTime"),
        ("AcquisitionDate", "AcquisitionTime"),
        ("ContentDate", "ContentTime"),
    ):
        base = ct.put(date, "20240229").put(time, "101500")
        if date == "AcquisitionDate":
            base = base.put("ContentDate", "20240301")
        yield put("date.order", base, date, "20240228")
        yield put("date.order", base, time, "100959")
    all_of_it = ct.put("SeriesDate", "20240229").put("ContentDate", "20240229")
    yield put("date.order", all_of_it, "StudyDate", "20240301", note="the study itself")
    acquired = ct.put("AcquisitionDate", "20240301").put("ContentDate", "20240302")
    yield put("date.order", acquired, "ContentDate", "20240229", note="before the acquisition")
    created = acquired.put("InstanceCreationDate", "20240302")
    yield put("date.order", created, "InstanceCreationDate", "20240229")
    both = acquired.put("AcquisitionDateTime", "20240301101500")
    yield put("date.date-time", both, "AcquisitionDateTime", "20240311101500")
    for age in ("044Y", "060Y", "005D", "012M", "100W"):
        yield put("date.age", ct, "PatientAge", age, note=age)
    yield put("date.age", ct, "PatientBirthDate", "19600131", at="PatientAge", note="birth date")
    infant = ct.put("PatientBirthDate", "20240115").put("PatientAge", "045D")
    yield put("date.age", infant, "PatientAge", "020D")
    unaged = ct.without("PatientAge")
    yield put("date.age-implausible", unaged, "PatientBirthDate", "18700131")
    unborn = ct.put("PatientBirthDate", "")
    yield put("date.age-implausible", unborn, "PatientAge", "200Y")
    for date in ("19000101", "18991230", "99991231"):
        note = ("reference.birth-after-study",) if date > "2" else ()
        yield put("date.placeholder", ct, "PatientBirthDate", date, note=date, along=note)
    yield put("date.placeholder", unborn, "StudyDate", "19000101")
    zoned = ct.put("TimezoneOffsetFromUTC", "-0130")
    for offset in ("+01-3", "+9900", "+0160", "-0000", "0100", "+1415", "Z"):
        yield put("date.timezone", zoned, "TimezoneOffsetFromUTC", offset, note=offset)
