"""Which Redis and which archive belong together: an installation has a random id in both.

The archive has it in a file, so that a copy of the archive takes it along. Redis gets it from the
archive; one that has lost everything, or is new, gets it again. It is compared before anything is
changed: with the wrong directory, or the wrong Redis, there is an error and no damage.
"""

import asyncio
from contextlib import suppress
from typing import cast
from uuid import uuid4

from pydantic import ValidationError
from redis.asyncio import Redis

from contracts.model import Contract, Uuid
from contracts.places import Place
from storage.layout import INSTALLATION, INSTALLATION_ID
from storage.study_store import StudyStore

KEY = "installation"
"""The key of the id in Redis."""


class OtherInstallationError(Exception):
    """Redis belongs to another archive; the text is the one line to show."""

    def __init__(self, of_archive: str | None, of_redis: str) -> None:
        super().__init__(
            "Redis and the archive belong to different installations: Redis has the id "
            f"{of_redis}, the archive {of_archive or 'has none'}; nothing was changed"
        )


class _Installation(Contract):
    id: Uuid


async def require_own_redis(client: Redis, studies: StudyStore, *, may_create: bool) -> None:
    """Make sure that Redis belongs to the archive; a Redis that belongs to none becomes its own.

    Args:
        client: a connected client.
        studies: where studies are stored.
        may_create: whether an archive without an id gets one.

    Raises:
        OtherInstallationError: it belongs to another one.
        redis.exceptions.RedisError: Redis is unavailable.
        OSError: the archive is.
    """
    # Redis first: whatever it has was in the archive before.
    found = await _known(client)
    of_archive = await asyncio.to_thread(_read, studies)
    if of_archive is None and found is None and may_create:
        of_archive = await asyncio.to_thread(_create, studies)
    if of_archive and found is None:
        await client.set(KEY, of_archive, nx=True)
        found = await _known(client)
    if found and found != of_archive:
        raise OtherInstallationError(of_archive, found)


async def require_same_installation(client: Redis, studies: StudyStore) -> None:
    """Make sure that Redis does not belong to another archive; changes nothing.

    Raises:
        OtherInstallationError: it does.
        redis.exceptions.RedisError: Redis is unavailable.
        OSError: the archive is.
    """
    found = await _known(client)
    of_archive = await asyncio.to_thread(_read, studies)
    if found and found != of_archive:
        raise OtherInstallationError(of_archive, found)


async def _known(client: Redis) -> str | None:
    """The id in Redis."""
    found = cast("bytes | None", await client.get(KEY))
    return found.decode() if found else None


def _read(studies: StudyStore) -> str | None:
    """The id of the archive; None if it has none, or no readable one."""
    try:
        with studies.store.open(f"{Place.ARCHIVE}/{INSTALLATION}/{INSTALLATION_ID}") as file:
            return str(_Installation.model_validate_json(file.read()).id)
    except (FileNotFoundError, ValidationError):
        return None


def _create(studies: StudyStore) -> str | None:
    """Give the archive an id, unless another service has done so."""
    content = _Installation(id=uuid4()).to_json()
    with (
        suppress(FileExistsError),
        studies.store.draft(f"{Place.ARCHIVE}/{INSTALLATION}") as draft,
    ):
        draft.commit(INSTALLATION_ID, lambda file: file.write(content))
    return _read(studies)
