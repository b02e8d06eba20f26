"""API keys for tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from chassis.access.caller import Scope
from chassis.access.key_file import create_key, revoke_keys


class Made(NamedTuple):
    """A key that was made."""

    id: str
    text: str

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


def make_key(
    path: Path,
    *scopes: Scope,
    labels: frozenset[str] | None = None,
    is_expired: bool = False,
    is_revoked: bool = False,
) -> Made:
    """Make a key with some scopes in a file."""
    now = datetime.now(UTC)
    key, record = create_key(
        path,
        "test",
        frozenset(scopes),
        labels=labels,
        now=now,
        expires_at=now - timedelta(seconds=1) if is_expired else None,
    )
    if is_revoked:
        revoke_keys(path, frozenset({key.id}), now=now)
    return Made(record.id, key.text)
