"""A file of an upload while the validator decides on it."""

from dataclasses import dataclass
from uuid import UUID

from contracts.intake import StoredFile
from contracts.report import Finding, Outcome, Severity
from engine.comparison.compare import Compared
from engine.findings import Findings
from engine.profiles.profile import Profile
from engine.report import Report
from engine.rule import Rule
from engine.violation import Violation
from storage.reservation import Content


@dataclass(slots=True)
class Candidate:
    """A file whose outcome may still change."""

    stored: StoredFile
    report: Report
    findings: list[Finding]
    outcome: Outcome
    study_id: UUID | None = None
    reserved_for: UUID | None = None
    """The study that had its SOP Instance UID first, if that is another one."""
    first: "Candidate | None" = None
    """The file with the same instance that came before it in the upload."""

    @property
    def study(self) -> str:
        """Its Study Instance UID; empty if it is unknown."""
        return self.report.summary.study_instance_uid if self.report.summary else ""

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        return self.report.summary.sop_instance_uid if self.report.summary else ""

    @property
    def dataset_sha256(self) -> str | None:
        """Digest of its data set and transfer syntax; None if the file could not be read."""
        return self.report.summary.dataset_sha256 if self.report.summary else None

    @property
    def content(self) -> Content:
        """What the index knows it by."""
        syntax = self.report.identity.transfer_syntax_uid
        return Content(self.stored.sha256, self.dataset_sha256 or "", syntax)

    @property
    def compared(self) -> Compared | None:
        """What is compared with other files; None if the file could not be read."""
        summary = self.report.summary
        return Compared(self.stored.name, summary) if summary else None

    def add(self, profile: Profile, rule: Rule, violation: Violation) -> None:
        """Add a finding; an error rejects the file."""
        findings = Findings(profile)
        findings.add(rule, violation)
        identity = self.report.identity
        found = findings.in_order(identity.sop_class_uid, identity.modality)
        self.findings += found
        if any(finding.severity is Severity.ERROR for finding in found):
            self.outcome = Outcome.REJECTED
