"""The resubmissions of a study in quarantine."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.model import Contract, ProfileName
from gateway.deletion.audit_trail import locked
from storage.layout import RESUBMISSIONS
from storage.study_folder import StudyFolder


class Resubmission(Contract):
    """A new upload of files in quarantine; the files also stay there."""

    study_id: UUID
    """The new upload."""
    time: AwareDatetime
    files: tuple[str, ...]
    """Names of the files in quarantine."""
    profile: ProfileName | None = None
    """The requested validation profile; absent for the validator's default."""
    fixed: bool = False
    """Whether the client sent a fixed file in place of the one in quarantine."""


class _Line(Resubmission):
    """A line of ``resubmissions.ndjson``."""

    withdrawn: bool = False
    """Whether this withdraws an earlier line: the upload could not be announced."""


def record_resubmission(
    folder: StudyFolder, resubmission: Resubmission, *, withdrawn: bool = False
) -> None:
    """Record a resubmission of a study, or that it was withdrawn. Blocks.

    Raises:
        FileNotFoundError: the study is no longer in quarantine.
        Problem: 503 if others hold the file for too long.
    """
    with locked(folder.file(RESUBMISSIONS)) as lines:
        lines.append([_Line(**dict(resubmission), withdrawn=withdrawn)])


def read_resubmissions(folder: StudyFolder) -> tuple[Resubmission, ...]:
    """The resubmissions of a study, oldest first. Blocks."""
    found: dict[UUID, Resubmission] = {}
    for line in folder.file(RESUBMISSIONS).lines():
        entry = _Line.model_validate_json(line)
        if entry.withdrawn:
            found.pop(entry.study_id, None)
        else:
            found[entry.study_id] = Resubmission.model_validate(dict(entry))
    return tuple(found.values())
