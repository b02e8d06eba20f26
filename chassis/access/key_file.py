"""The file of API keys: digests, scopes, labels and times; never a key itself.

It is written whole and renamed into place, so that a reader never sees half of it, and flushed to
the disk first. Writers hold a lock on a second file beside it.
"""

import fcntl
import os
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import uuid4

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from chassis.access.api_key import ApiKey
from chassis.access.caller import MOST_LABELS, Caller, Scope
from contracts.model import Contract, Label, Sha256

KeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$", max_length=64)]
"""What people call a key."""

VERSION = 1


class KeyFileError(Exception):
    """The file cannot be read or written; the text is the one line to show."""


class KeyRecord(Contract):
    """An API key, as it is stored."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    """The first part of the key; it is no secret."""
    name: KeyName
    """What people call it."""
    digest: Sha256
    """SHA-256 of the key."""
    scopes: frozenset[Scope] = Field(min_length=1)
    """What it allows."""
    labels: frozenset[Label] | None = Field(default=None, min_length=1, max_length=MOST_LABELS)
    """The labels that it is bound to; None for all studies."""
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    """It is not valid from then on; None if it does not expire."""
    revoked_at: AwareDatetime | None = None
    """Since when it is not valid any more."""

    @cached_property
    def caller(self) -> Caller:
        """Whose requests carry it."""
        return Caller(f"key {self.id} {self.name}", self.scopes, self.labels, self.id)

    def state(self, now: datetime) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= now else "valid"


class _Keys(Contract):
    """The content of the file."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(default=VERSION, ge=VERSION, le=VERSION)
    keys: tuple[KeyRecord, ...] = ()


class FileVersion(NamedTuple):
    """What differs between two versions of the file."""

    inode: int
    modified_ns: int
    size_bytes: int


def file_version(path: Path) -> FileVersion | None:
    """The version of the file that is there; None if there is none. Blocks.

    Raises:
        KeyFileError: the file system does not answer as it should.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from None
    return FileVersion(found.st_ino, found.st_mtime_ns, found.st_size)


def read_keys(path: Path) -> tuple[KeyRecord, ...]:
    """All keys, in the order in which they were made; none if there is no file. Blocks.

    Raises:
        KeyFileError: the file cannot be read.
    """
    try:
        return _Keys.model_validate_json(path.read_bytes()).keys
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unusable(path, error) from None
    except ValidationError:
        raise KeyFileError(f"{path} is not a file of API keys; restore it from a backup") from None


def create_key(
    path: Path,
    name: str,
    scopes: frozenset[Scope],
    *,
    labels: frozenset[str] | None,
    now: datetime,
    expires_at: datetime | None,
) -> tuple[ApiKey, KeyRecord]:
    """Make a key and store its digest. Blocks.

    Raises:
        KeyFileError: the file cannot be read or written.
        pydantic.ValidationError: a name or a label is not allowed.
    """
    key = ApiKey.new()
    record = KeyRecord(
        id=key.id,
        name=name,
        digest=key.digest,
        scopes=scopes,
        labels=labels,
        created_at=now,
        expires_at=expires_at,
    )
    _change(path, lambda keys: (*keys, record))
    return key, record


def revoke_keys(path: Path, ids: frozenset[str], *, now: datetime) -> tuple[KeyRecord, ...]:
    """Revoke keys by their ids; returns those that were valid until now. Blocks.

    Raises:
        KeyFileError: the file cannot be read or written, or has no such key.
    """
    revoked: list[KeyRecord] = []

    def revoke(keys: tuple[KeyRecord, ...]) -> tuple[KeyRecord, ...]:
        if missing := ids - {key.id for key in keys}:
            raise KeyFileError(f"there is no key {min(missing)}; `hdv keys list` shows all")
        changed = []
        for key in keys:
            if key.id in ids and not key.revoked_at:
                changed.append(key.model_copy(update={"revoked_at": now}))
                revoked.append(changed[-1])
            else:
                changed.append(key)
        return tuple(changed)

    _change(path, revoke)
    return tuple(revoked)


def _change(path: Path, change: Callable[[tuple[KeyRecord, ...]], tuple[KeyRecord, ...]]) -> None:
    """Read the keys, change them and write them, while no one else does."""
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with path.with_name(f".{path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = change(read_keys(path))
            _write(path, _Keys(keys=keys).model_dump_json(exclude_none=True, indent=2).encode())
    except OSError as error:
        raise _unusable(path, error) from None


def _write(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.{uuid4()}")
    try:
        # Digests are no secrets, but names and labels are no one else's business.
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
            file.write(content + b"\n")
            file.flush()
            _give_to_owner(file.fileno(), path)
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _give_to_owner(descriptor: int, path: Path) -> None:
    """Let the new file belong to the owner of the old one, else of the directory.

    Else the gateway could not read what an administrator has changed, and a revoked key stayed
    valid.
    """
    status = (path if path.exists() else path.parent).stat()
    if status.st_uid != os.geteuid():
        os.fchown(descriptor, status.st_uid, status.st_gid)


def _unusable(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(f"cannot use the file of API keys {path}: {error.strerror}")
