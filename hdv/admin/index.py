"""`hdv index rebuild`: rebuilds the index of the archive."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from chassis.runtime.settings import ConfigurationError, load, redis_address
from descriptor.settings import DescriptorSettings
from hdv.admin.redis_client import redis_client
from hdv.exit import CommandError
from hdv.terminal.progress_bar import Update, progress_bar
from hdv.terminal.text import print_line
from hdv.up.redis_server import url_for_client
from storage.index_rebuild import Rebuilt
from storage.index_rebuild import rebuild as rebuild_index
from storage.study_store import StudyStore


def rebuild(archive: Path | None, redis_url: str | None, data: Path) -> None:
    """Rebuild the index from the archive.

    Args:
        archive: its directory; None for that of the descriptor's settings.
        redis_url: address of Redis; None for that of `data` or of the settings.
        data: the data directory of an `hdv up`.

    Raises:
        CommandError: a setting is wrong, there is no such directory, or Redis is unavailable.
    """
    given: Mapping[str, object] = {
        "archive_dir": archive,
        "redis_url": url_for_client(redis_url, data),
    }
    overrides = {name: value for name, value in given.items() if value is not None}
    try:
        settings = load(DescriptorSettings, **overrides)
        url = redis_address(settings)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    directory = settings.archive_dir
    if not directory.is_dir():
        raise CommandError(f"{directory}: no such directory")
    with progress_bar("reading the archive", "studies") as update:
        rebuilt = asyncio.run(_rebuild(url, settings.studies, update))
    for study_id in rebuilt.unreadable:
        print_line(f"{study_id}: its metadata.json cannot be read")
    print_line(f"{rebuilt.studies:,} studies are in the index")


async def _rebuild(url: str, studies: StudyStore, update: Update) -> Rebuilt:
    async with redis_client(url) as client:
        return await rebuild_index(client, studies, update)
