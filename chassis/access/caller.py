"""The caller: the sender of a request, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a key or token allows. Every route of the gateway requires one of them."""

    UPLOAD = "upload"
    """Upload studies, and follow their status."""
    READ = "read"
    """See studies, their reports, their files and events."""
    QUARANTINE = "quarantine"
    """See, download and resubmit rejected files."""
    DELETE = "delete"
    """Delete studies and rejected files."""
    ADMIN = "admin"
    """Everything: dead letters and metrics as well."""


EVERYTHING = frozenset(Scope)
MOST_LABELS = 100
"""Labels that a key or token may be bound to."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request.

    Attributes:
        name: for the audit trail; never a secret.
        scopes: what they may do.
        labels: the labels of the studies that they may see and upload; None for all studies, also
            those without a label.
        key_id: the id of their API key, if they have sent one.
    """

    name: str
    scopes: frozenset[Scope]
    labels: frozenset[str] | None = None
    key_id: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether they may do what requires a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def sees(self, label: str | None) -> bool:
        """Whether they may see a study with this label."""
        return self.labels is None or label in self.labels


ANYONE = Caller("anyone", EVERYTHING)
"""The caller of a request while no key or token is required."""
