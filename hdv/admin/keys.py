"""`hdv keys`: makes, lists and revokes API keys in the file that the gateways read."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from chassis.access.caller import Scope
from chassis.access.key_file import KeyFileError, KeyRecord, create_key, read_keys, revoke_keys
from hdv.exit import CommandError, ExitCode, say
from hdv.terminal.table import cell, new_table, print_table
from hdv.terminal.text import print_json, print_line, time_text

ENVIRONMENT = ("HDV_GATEWAY__KEYS_FILE", "HDV_KEYS_FILE")
FILE_NAME = "keys.json"


def key_file(data: Path) -> Path:
    """The file of keys: that of the environment, or of a data directory."""
    given = next((os.environ[name] for name in ENVIRONMENT if os.environ.get(name)), None)
    return Path(given) if given else data / FILE_NAME


def create(
    path: Path,
    name: str,
    scopes: Sequence[Scope],
    labels: Sequence[str],
    days: float | None,
    *,
    json: bool,
) -> None:
    """Make a key and show it, this once.

    Raises:
        CommandError: it cannot be made.
    """
    if labels and Scope.ADMIN in scopes:
        raise CommandError("a key with the scope admin cannot be bound to labels: it sees all")
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        key, record = create_key(
            path,
            name,
            frozenset(scopes),
            labels=frozenset(labels) or None,
            now=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
    except KeyFileError as error:
        raise CommandError(str(error), code=ExitCode.UNAVAILABLE) from None
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        raise CommandError(f"{wrong['loc'][0]}: {wrong['msg']}") from None
    except OverflowError:
        raise CommandError(f"--days {days:g} is beyond the calendar") from None
    if json:
        print_json({**_facts(record, now), "key": key.text})
    else:
        print_line(key.text)
        say(f"This key is shown once. Stored in {path}: its digest.")


def show(path: Path, *, json: bool) -> None:
    """List all keys.

    Raises:
        CommandError: the file cannot be read.
    """
    now = datetime.now(UTC)
    try:
        keys = read_keys(path)
    except KeyFileError as error:
        raise CommandError(str(error), code=ExitCode.UNAVAILABLE) from None
    if json:
        print_json({"keys": [_facts(key, now) for key in keys]})
    elif keys:
        table = new_table("id", "name", "state", "scopes", "labels", "expires")
        for key in keys:
            table.add_row(
                cell(key.id),
                cell(key.name),
                cell(key.state(now)),
                cell(" ".join(sorted(key.scopes))),
                cell(" ".join(sorted(key.labels)) if key.labels else "all"),
                cell(_time(key.expires_at) if key.expires_at else "never"),
            )
        print_table(table)
    else:
        print_line(f"no keys in {path}")


def revoke(path: Path, ids: Sequence[str]) -> None:
    """Revoke keys: gateways refuse them within a second or two.

    Raises:
        CommandError: there is no such key, or the file cannot be written.
    """
    try:
        revoked = revoke_keys(path, frozenset(ids), now=datetime.now(UTC).replace(microsecond=0))
    except KeyFileError as error:
        raise CommandError(str(error)) from None
    for key in revoked:
        print_line(f"revoked: {key.id} {key.name}")
    if not revoked:
        print_line("they were revoked before")


def _time(time: datetime) -> str:
    return time_text(time.astimezone(UTC).isoformat())


def _facts(key: KeyRecord, now: datetime) -> dict[str, object]:
    facts = key.model_dump(mode="json", exclude={"digest"}, exclude_none=True)
    facts["scopes"] = sorted(facts["scopes"])
    if key.labels:
        facts["labels"] = sorted(key.labels)
    return {**facts, "state": key.state(now)}
