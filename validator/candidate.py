"""A file of an upload while it is being decided what becomes of it."""

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


@dataclass(slots=True)
class Candidate:
    """A file on which is being decided."""

    stored: StoredFile
    report: Report
    findings: list[Finding]
    outcome: Outcome
    study_id: UUID | None = None
    first: "Candidate | None" = None
    """The one with the same bytes that came before it in the upload."""

    @property
    def study(self) -> str:
        """Its Study Instance UID; empty if nobody knows."""
        return self.report.summary.study_instance_uid if self.report.summary else ""

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        return self.report.summary.sop_instance_uid if self.report.summary else ""

    @property
    def compared(self) -> Compared | None:
        """The file among the others; None if it could not be read."""
        summary = self.report.summary
        return Compared(self.stored.name, self.stored.sha256, summary) if summary else None

    def add(self, profile: Profile, rule: Rule, violation: Violation) -> None:
        """Add a finding; an error rejects the file."""
        findings = Findings(profile)
        findings.add(rule, violation)
        identity = self.report.identity
        found = findings.in_order(identity.sop_class_uid, identity.modality)
        self.findings += found
        if any(finding.severity is Severity.ERROR for finding in found):
            self.outcome = Outcome.REJECTED
