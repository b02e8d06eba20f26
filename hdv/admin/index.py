"""`hdv index rebuild`: rebuilds the index of the archive."""

import asyncio
import os
from pathlib import Path

from redis.asyncio import Redis

from chassis.runtime.settings import ConfigurationError, load, redis_address
from contracts.places import Place
from descriptor.settings import DescriptorSettings
from hdv.admin.redis_client import redis_client
from hdv.exit import CommandError
from hdv.terminal.progress_bar import Update, progress_bar
from hdv.terminal.prompt import confirm
from hdv.terminal.text import print_line
from hdv.up.redis_server import url_for_client
from storage.index_rebuild import Rebuilt
from storage.index_rebuild import rebuild as rebuild_index
from storage.installation import OtherInstallationError, require_own_redis
from storage.study_store import StudyStore
from storage.uid_index import UidIndex


def rebuild(archive: Path | None, redis_url: str | None, data: Path, *, confirmed: bool) -> None:
    """Rebuild the index from the archive.

    Nothing is changed if Redis belongs to another archive. If entries would vanish because their
    studies are not stored here, that has to be confirmed.

    Args:
        archive: its directory; None for that of the descriptor's settings.
        redis_url: address of Redis; None for that of `data` or of the settings.
        data: the data directory of an `hdv up`.
        confirmed: whether entries may vanish without a question.

    Raises:
        CommandError: a setting is wrong, there is no such directory, Redis belongs to another
            archive or is unavailable, or the answer to the question is no.
    """
    settings = _settings(archive, url_for_client(redis_url, data), data)
    try:
        url = redis_address(settings)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    if not settings.archive_dir.is_dir():
        raise CommandError(f"{settings.archive_dir}: no such directory")
    vanishing = asyncio.run(_vanishing(url, settings.studies))
    if vanishing and not confirmed:
        confirm(
            f"{vanishing:,} studies in the index are not stored in {settings.archive_dir} or the "
            "uploads; remove their entries?"
        )
    with progress_bar("reading the archive", "studies") as update:
        rebuilt = asyncio.run(_rebuild(url, settings.studies, update))
    for study_id in rebuilt.unreadable:
        print_line(f"{study_id}: its metadata.json cannot be read")
    print_line(f"{rebuilt.studies:,} studies are in the index")


def _settings(archive: Path | None, redis_url: str | None, data: Path) -> DescriptorSettings:
    """The settings, with the directories below the data directory unless others are named."""
    given: dict[str, object] = {"redis_url": redis_url} if redis_url else {}
    for place in (Place.ARCHIVE, Place.UPLOADS):
        directory = archive if place is Place.ARCHIVE else None
        if directory or f"HDV_{place.upper()}_DIR" not in os.environ:
            given[f"{place}_dir"] = directory or data / place
    try:
        return load(DescriptorSettings, **given)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None


async def _vanishing(url: str, studies: StudyStore) -> int:
    """The number of studies in the index that are neither in the archive nor in the uploads.

    Raises:
        CommandError: Redis belongs to another archive.
    """
    async with redis_client(url) as client:
        try:
            await require_own_redis(client, studies, may_create=False)
        except OtherInstallationError as error:
            raise CommandError(str(error)) from None

        async def connect() -> Redis:
            return client

        owners = await UidIndex(connect).owners()
    return sum(not studies.locate(study_id) for study_id in owners)


async def _rebuild(url: str, studies: StudyStore, update: Update) -> Rebuilt:
    async with redis_client(url) as client:
        return await rebuild_index(client, studies, update)
