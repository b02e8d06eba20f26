"""The result of examining one instance."""

from dataclasses import dataclass, field
from functools import cached_property

from contracts.report import Finding, FindingSummary, Identity, Outcome, Severity
from engine.comparison.summary import Summary


@dataclass(frozen=True)
class Report:
    """The identity of one instance, and what is wrong with it.

    Attributes:
        findings: in the order of the file.
        identity: what the instance says it is.
        summary: what is compared with the other instances of its study; None if the file could
            not be read.
        left_out: how many findings the report of the upload does not list.
        not_listed: these, counted by code, until they are counted for the whole upload.
    """

    findings: tuple[Finding, ...] = ()
    identity: Identity = field(default_factory=Identity)
    summary: Summary | None = None
    left_out: int = 0
    not_listed: tuple[FindingSummary, ...] = ()

    @cached_property
    def outcome(self) -> Outcome:
        """Rejected when any finding is an error."""
        rejected = any(finding.severity is Severity.ERROR for finding in self.findings)
        return Outcome.REJECTED if rejected else Outcome.ACCEPTED
