"""The instances of a validated study: which go to the archive, and under which names."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID

from contracts.intake import Intake, StoredFile
from contracts.report import Identity, Outcome, StudyReport
from contracts.volumes import ORIGINAL, ORIGINALS

_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")


@dataclass(frozen=True)
class Instance:
    """An accepted instance on its way to the archive."""

    source: Path
    """Where it lies in the uploads."""
    file: str
    """Its name in the archive, below the study's directory."""
    stored: StoredFile
    """The file as it arrived."""
    identity: Identity
    """What it says it is."""


@dataclass(frozen=True)
class ValidatedStudy:
    """A study in the uploads, with its report."""

    study_id: UUID
    directory: Path
    intake: Intake
    report: StudyReport

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """The outcome of each file; one that the report does not know counts as rejected."""
        known = {instance.file: instance.outcome for instance in self.report.instances}
        return {file.name: known.get(file.name, Outcome.REJECTED) for file in self.intake.files}

    @cached_property
    def rejected(self) -> tuple[StoredFile, ...]:
        """The files that go to quarantine."""
        return tuple(
            file for file in self.intake.files if self.outcomes[file.name] is Outcome.REJECTED
        )

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """The accepted instances in the order of their arrival, each with a name of its own.

        The same bytes sent twice are one instance. The name is the SOP Instance UID; an instance
        whose UID is taken by other bytes, or is not fit for a name, keeps the gateway's.
        """
        identities = {instance.file: instance.identity for instance in self.report.instances}
        accepted = {
            file.sha256: file
            for file in reversed(self.intake.files)
            if self.outcomes[file.name] is Outcome.ACCEPTED
        }
        taken: set[str] = set()
        instances = []
        for file in sorted(accepted.values(), key=lambda file: file.name):
            identity = identities[file.name]
            name = f"{identity.sop_instance_uid}.dcm"
            if not is_uid(identity.sop_instance_uid) or name in taken:
                name = file.name
            taken.add(name)
            place = ORIGINAL if len(accepted) == 1 else f"{ORIGINALS}/{name}"
            instances.append(Instance(self.directory / file.name, place, file, identity))
        return tuple(instances)


def is_uid(text: str) -> bool:
    """Whether a text is a UID (PS3.5 9.1), and so a safe file name.

    A UID has at least two components, so its file name never equals one of the gateway's.
    """
    return len(text) <= 64 and _UID.fullmatch(text) is not None
