"""The studies in quarantine, page by page."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from chassis.observability.logs import get_logger
from chassis.web.problem import Problem
from contracts.model import Contract, Label, Timestamp
from contracts.places import Place
from gateway.quarantine.contents import read_contents, study_path
from gateway.quarantine.marks import read_marks
from storage.study_store import StudyStore

MOST_PER_PAGE = 500
MOST_READ = 500
"""Reports that are read for a page; who looks for a rare code may get shorter pages."""
MOST_CODES = 10
_MOST_REMEMBERED = 2000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class QuarantineQuery(Contract):
    """Which studies in quarantine, and how many of them."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=100)] | None = (
        None
    )
    """Only studies with a file that was rejected because of this error."""
    since: Timestamp | None = None
    """Only studies that came to quarantine at this time or later."""
    until: Timestamp | None = None
    """Only studies that came to quarantine before this time."""
    cursor: Annotated[str, Field(pattern=f"^[0-9]{{1,20}}~{_UUID.pattern}$")] | None = None
    """`next_cursor` of the page before; stay with the same filters."""
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    """The greatest number of studies on a page."""


class CodeCount(Contract):
    """How many files an error has brought to quarantine."""

    code: str
    files: int
    """Number of files."""


class ListedStudy(Contract):
    """A study in quarantine, in short."""

    study_id: UUID
    quarantined_at: AwareDatetime
    """When its files came here; their age counts from then."""
    label: Label | None = None
    """What the sender calls the upload."""
    file_count: int
    """Number of files that lie here."""
    size_bytes: int
    """Size of these files together, in bytes."""
    codes: tuple[CodeCount, ...]
    """The errors that brought them here, commonest first; at most 10."""
    resubmissions: int
    """How many times files of it have been resubmitted."""
    href: str
    """Where the study is found."""


class QuarantinePage(Contract):
    """A page of studies in quarantine, those that came last come first."""

    studies: tuple[ListedStudy, ...]
    next_cursor: str | None = None
    """Give it as `cursor` to get the next page, even if this one is short; absent after the
    last."""


class Entry(NamedTuple):
    """A study in quarantine and since when, in nanoseconds since 1970."""

    time_ns: int
    study_id: UUID

    @property
    def time(self) -> datetime:
        """When it came."""
        return datetime.fromtimestamp(self.time_ns / 1e9, UTC)


def entries(studies: StudyStore) -> list[Entry]:
    """All studies in quarantine, oldest first. Blocks."""
    found = []
    for folder in studies.all(Place.QUARANTINE):
        try:
            found.append(Entry(folder.marker.stat().modified_ns, folder.study_id))
        except FileNotFoundError:
            if folder.names():  # else it has been removed meanwhile
                get_logger().error("quarantine.incomplete", study_id=str(folder.study_id))
    return sorted(found)


def list_page(studies: StudyStore, query: QuarantineQuery) -> QuarantinePage:
    """A page of the studies in quarantine. Blocks."""
    listed: list[ListedStudy] = []
    last = None
    for read, entry in enumerate(_asked_for(entries(studies), query)):
        if last and (len(listed) == query.limit or read == MOST_READ):
            cursor = f"{last.time_ns}~{last.study_id}"
            return QuarantinePage(studies=tuple(listed), next_cursor=cursor)
        last = entry
        if study := _listed(studies, entry, query.code):
            listed.append(study)
    return QuarantinePage(studies=tuple(listed))


@dataclass(frozen=True)
class _Summary:
    """What a listing tells of a study, without its file of several megabytes."""

    label: str | None
    files: Mapping[str, tuple[int, frozenset[str]]]
    """Size and codes by name."""


def _asked_for(found: list[Entry], query: QuarantineQuery) -> Iterator[Entry]:
    """The entries that a query may be about, newest first."""
    before = None
    if query.cursor:
        time_ns, _, study_id = query.cursor.partition("~")
        before = Entry(int(time_ns), UUID(study_id))
    for entry in reversed(found):
        if (
            (before is None or entry < before)
            and (query.since is None or entry.time >= query.since)
            and (query.until is None or entry.time < query.until)
        ):
            yield entry


def _listed(studies: StudyStore, entry: Entry, code: str | None) -> ListedStudy | None:
    """A study in short; nothing when it has no such code, or has been removed meanwhile."""
    folder = studies.quarantined(entry.study_id)
    try:
        summary = _summary(studies, entry)
        present = summary.files.keys() & folder.names()
    except (Problem, FileNotFoundError):
        return None
    except ValidationError:
        get_logger().error("quarantine.unreadable", study_id=str(entry.study_id))
        return None
    codes = Counter(code for name in present for code in summary.files[name][1])
    if code and code not in codes:
        return None
    commonest = sorted(codes.items(), key=lambda item: (-item[1], item[0]))[:MOST_CODES]
    return ListedStudy(
        study_id=entry.study_id,
        quarantined_at=entry.time,
        label=summary.label,
        file_count=len(present),
        size_bytes=sum(summary.files[name][0] for name in present),
        codes=tuple(CodeCount(code=code, files=count) for code, count in commonest),
        resubmissions=len(read_marks(folder)),
        href=study_path(entry.study_id),
    )


@lru_cache(maxsize=_MOST_REMEMBERED)
def _summary(studies: StudyStore, entry: Entry) -> _Summary:
    contents = read_contents(studies, entry.study_id)
    files = {file.name: (file.size_bytes, codes) for file, codes in contents.codes()}
    return _Summary(contents.intake.label, files)
