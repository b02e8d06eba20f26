"""Lists the studies in quarantine, page by page."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError

from chassis.access.caller import Caller
from chassis.observability.logs import get_logger
from chassis.web.problem import Problem
from contracts.places import Place
from gateway.http.paths import quarantine_path
from gateway.quarantine.audit_trail import read_resubmissions
from gateway.quarantine.contents import read_contents
from gateway.quarantine.models import CodeCount, ListedStudy, QuarantinePage, QuarantineQuery
from storage.study_store import StudyStore

MOST_READ = 500
"""Reports that are read for a page; a page of a rare code may be shorter."""
MOST_CODES = 10
_MOST_REMEMBERED = 2000


class Entry(NamedTuple):
    """A study in quarantine and since when, in nanoseconds since 1970."""

    time_ns: int
    study_id: UUID

    @property
    def time(self) -> datetime:
        """When its files came to quarantine."""
        return datetime.fromtimestamp(self.time_ns / 1e9, UTC)


def entries(studies: StudyStore) -> list[Entry]:
    """All studies in quarantine, oldest first. Blocks."""
    found = []
    for folder in studies.all(Place.QUARANTINE):
        try:
            found.append(Entry(folder.marker.stat().modified_ns, folder.study_id))
        except FileNotFoundError:
            if folder.names():  # else it was removed meanwhile
                get_logger().error("quarantine.incomplete", study_id=str(folder.study_id))
    return sorted(found)


def list_page(studies: StudyStore, query: QuarantineQuery, caller: Caller) -> QuarantinePage:
    """Read a page of the studies in quarantine that a caller may see. Blocks."""
    listed: list[ListedStudy] = []
    last = None
    for read, entry in enumerate(_matching(entries(studies), query)):
        if last and (len(listed) == query.limit or read == MOST_READ):
            cursor = f"{last.time_ns}~{last.study_id}"
            return QuarantinePage(studies=tuple(listed), next_cursor=cursor)
        last = entry
        if study := _listed(studies, entry, query.code, caller):
            listed.append(study)
    return QuarantinePage(studies=tuple(listed))


@dataclass(frozen=True)
class _Summary:
    """What a listing needs of a study; its report may have several megabytes."""

    label: str | None
    files: Mapping[str, tuple[int, frozenset[str]]]
    """Size and codes by name."""


def _matching(found: list[Entry], query: QuarantineQuery) -> Iterator[Entry]:
    """The entries that match a query but for its code, newest first."""
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


def _listed(
    studies: StudyStore, entry: Entry, code: str | None, caller: Caller
) -> ListedStudy | None:
    """A study in short; None if it is not wanted or not the caller's, or was removed meanwhile."""
    folder = studies.quarantined(entry.study_id)
    try:
        summary = _summary(studies, entry)
        present = summary.files.keys() & folder.names()
    except (Problem, FileNotFoundError):
        return None
    except ValidationError:
        get_logger().error("quarantine.unreadable", study_id=str(entry.study_id))
        return None
    if not caller.sees(summary.label):
        return None
    codes = Counter(code for name in present for code in summary.files[name][1])
    if code and code not in codes:
        return None
    most_frequent = sorted(codes.items(), key=lambda item: (-item[1], item[0]))[:MOST_CODES]
    return ListedStudy(
        study_id=entry.study_id,
        quarantined_at=entry.time,
        label=summary.label,
        file_count=len(present),
        size_bytes=sum(summary.files[name][0] for name in present),
        codes=tuple(CodeCount(code=code, files=count) for code, count in most_frequent),
        resubmissions=len(read_resubmissions(folder)),
        href=quarantine_path(entry.study_id),
    )


@lru_cache(maxsize=_MOST_REMEMBERED)
def _summary(studies: StudyStore, entry: Entry) -> _Summary:
    contents = read_contents(studies, entry.study_id)
    files = {file.name: (file.size_bytes, codes) for file, codes in contents.codes()}
    return _Summary(contents.intake.label, files)
