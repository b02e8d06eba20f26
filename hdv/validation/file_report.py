"""What is said of one file, of one study, and of a whole run."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contracts.report import Finding, Severity
from engine.comparison.compare import Compared
from engine.comparison.summary import Summary
from hdv.validation.sources import Skipped


class Verdict(StrEnum):
    """Whether something may go into an archive: it is invalid if any finding is an error."""

    VALID = "valid"
    INVALID = "invalid"

    @classmethod
    def on(cls, findings: Iterable[Finding]) -> "Verdict":
        """The verdict on what has these findings."""
        invalid = any(finding.severity is Severity.ERROR for finding in findings)
        return cls.INVALID if invalid else cls.VALID


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in one file or archive member.

    Attributes:
        path: what the report calls it.
        sha256: digest of its bytes; None if they could not be had.
        size_bytes: how many bytes it has; None likewise.
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
        """Whether it is valid."""
        return Verdict.on(self.findings)

    @property
    def compared(self) -> Compared | None:
        """The file among the others of its study; None if it cannot be compared."""
        if self.summary is None or self.sha256 is None or not self.study:
            return None
        return Compared(self.path, self.sha256, self.summary)


@dataclass(frozen=True, slots=True)
class StudyReport:
    """What is wrong with the files of one study as a whole.

    Attributes:
        uid: its Study Instance UID.
        files: the paths of its files.
        findings: what no file alone can tell; each names files, unless all are meant.
    """

    uid: str
    files: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether the files fit together, whatever is wrong with each."""
        return Verdict.on(self.findings)


@dataclass(frozen=True)
class Versions:
    """What made the report.

    Attributes:
        engine: version of this software.
        standard: edition of the standard whose tables were used.
        profile: name, version and digest of the profile.
    """

    engine: str
    standard: str
    profile: dict[str, str]


@dataclass
class RunReport:
    """What is told of a run besides its files.

    Attributes:
        versions: what made the report.
        started_at: when the run began, in UTC.
        seconds: how long it has taken.
        verdicts: how many files have each verdict.
        severities: how many findings of each severity there are, those of studies among them.
        skipped: what was not examined.
        studies: findings across files, for each study.
    """

    versions: Versions
    started_at: datetime
    seconds: float = 0.0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    severities: Counter[Severity] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    studies: list[StudyReport] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many files were examined."""
        return self.verdicts.total()

    @property
    def verdict(self) -> Verdict:
        """Invalid if any file is, or if files do not fit together."""
        return Verdict.INVALID if self.severities[Severity.ERROR] else Verdict.VALID


def count_severities(findings: Iterable[Finding]) -> Counter[Severity]:
    """How many findings of each severity there are; folded ones count as one."""
    return Counter(finding.severity for finding in findings)
