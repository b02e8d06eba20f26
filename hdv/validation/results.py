"""The results of a run: of one file, of one study, and of the run as a whole."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contracts.report import Finding, Severity
from engine.comparison.compare import Compared
from engine.comparison.summary import Summary
from hdv.validation.sources import Skipped


class Verdict(StrEnum):
    """Valid unless a finding is an error."""

    VALID = "valid"
    INVALID = "invalid"

    @classmethod
    def on(cls, findings: Iterable[Finding]) -> "Verdict":
        """The verdict that follows from findings."""
        invalid = any(finding.severity is Severity.ERROR for finding in findings)
        return cls.INVALID if invalid else cls.VALID


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """A file, or a member of an archive file, and its findings.

    Attributes:
        path: its name in the report.
        sha256: digest of its bytes; None if they could not be read, or if no report shows it.
        size_bytes: its size; None if it could not be read.
        findings: in the order of the file.
        study: its Study Instance UID; empty if it has none.
        summary: what is compared with the other files of its study.
    """

    path: str
    sha256: str | None
    size_bytes: int | None
    findings: tuple[Finding, ...]
    study: str = ""
    summary: Summary | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the file is valid."""
        return Verdict.on(self.findings)

    @property
    def compared(self) -> Compared | None:
        """The file among the others of its study; None if it cannot be compared."""
        if self.summary is None or not self.study:
            return None
        return Compared(self.path, self.summary)


@dataclass(frozen=True, slots=True)
class ComparedStudy:
    """The files with one Study Instance UID, compared with each other.

    Attributes:
        uid: the Study Instance UID.
        files: the paths of its files.
        findings: those that only several files show; each names its files, unless it is about all.
    """

    uid: str
    files: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether the files fit together, regardless of their own findings."""
        return Verdict.on(self.findings)


@dataclass(frozen=True)
class Versions:
    """The versions that a report depends on.

    Attributes:
        engine: version of this software.
        standard: edition of the standard whose tables were used.
        editions: what of the tables is of which edition.
        profile: name, version and digest of the profile.
    """

    engine: str
    standard: str
    editions: Mapping[str, str]
    profile: dict[str, str]


@dataclass
class RunSummary:
    """Everything in the report of a run but its files.

    Attributes:
        versions: those that the report depends on.
        started_at: when the run began, in UTC.
        seconds: how long it has taken.
        verdicts: how many files have each verdict.
        severities: how many findings of each severity there are, including those of studies.
        skipped: what was skipped.
        studies: findings across files, for each study.
    """

    versions: Versions
    started_at: datetime
    seconds: float = 0.0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    severities: Counter[Severity] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    studies: list[ComparedStudy] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many files were examined."""
        return self.verdicts.total()

    @property
    def verdict(self) -> Verdict:
        """Invalid if a file is invalid, or if the files of a study do not fit together."""
        return Verdict.INVALID if self.severities[Severity.ERROR] else Verdict.VALID


def count_severities(findings: Iterable[Finding]) -> Counter[Severity]:
    """How many findings of each severity there are; a finding counts once, whatever its count."""
    return Counter(finding.severity for finding in findings)
