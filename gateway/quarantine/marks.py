"""What has become of files in quarantine: marks beside them, and a list of those removed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.model import Contract, ProfileName, Sha256
from storage.layout import RESUBMISSIONS
from storage.port import Lines, LockedError
from storage.stored_file import FileInStore
from storage.study_folder import StudyFolder


class Resubmission(Contract):
    """Files have been sent on their way again; those here have stayed."""

    study_id: UUID
    """The new upload."""
    time: AwareDatetime
    files: tuple[str, ...]
    """Their names here."""
    profile: ProfileName | None = None
    """The validation profile that was asked for; absent when it was the validator's own."""
    fixed: bool = False
    """Whether the client sent other bytes in place of the file's."""


class _Mark(Resubmission):
    """A line of the file of marks."""

    withdrawn: bool = False
    """Whether this takes an earlier mark back: the upload could not be announced."""


class RemovalReason(StrEnum):
    """Why a file was removed."""

    DELETED = "deleted"
    """Someone asked for it."""
    PURGED = "purged"
    """It was old."""


class Removal(Contract):
    """A line of the list of removed files, written before the file goes."""

    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    study_id: UUID
    file: str
    sha256: Sha256
    reason: RemovalReason


@contextmanager
def taking_turns(file: FileInStore) -> Iterator[Lines]:
    """Hold a file of lines, to append to it. Blocks.

    Raises:
        FileNotFoundError: its directory is gone.
        Problem: 503 when others hold it for too long.
    """
    try:
        with file.growing() as lines:
            yield lines
    except LockedError:
        raise Problem(ProblemType.QUARANTINE_BUSY) from None


def add_mark(folder: StudyFolder, resubmission: Resubmission, *, withdrawn: bool = False) -> None:
    """Note beside the files of a study that some are resubmitted, or are not after all. Blocks.

    Raises:
        FileNotFoundError: the study is not in quarantine any more.
        Problem: 503 when others hold the file for too long.
    """
    with taking_turns(folder.file(RESUBMISSIONS)) as marks:
        marks.append([_Mark(**dict(resubmission), withdrawn=withdrawn)])


def read_marks(folder: StudyFolder) -> tuple[Resubmission, ...]:
    """The resubmissions of a study, oldest first. Blocks."""
    marks: dict[UUID, Resubmission] = {}
    for line in folder.file(RESUBMISSIONS).lines():
        mark = _Mark.model_validate_json(line)
        if mark.withdrawn:
            marks.pop(mark.study_id, None)
        else:
            marks[mark.study_id] = Resubmission.model_validate(dict(mark))
    return tuple(marks.values())
