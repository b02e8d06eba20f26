"""The API keys that a gateway knows: read from their file, and again after each change of it."""

import asyncio
import hmac
import time
from collections.abc import Mapping
from pathlib import Path

from chassis.access.api_key import ApiKey
from chassis.access.caller import Caller
from chassis.access.key_file import (
    FileVersion,
    KeyFileError,
    KeyRecord,
    file_version,
    read_keys,
)
from chassis.observability.logs import get_logger

PERIOD_SECONDS = 1.0
"""How often it looks whether the file has changed."""


class KeyRing:
    """The keys of a file.

    Args:
        path: the file; it need not exist.

    Attributes:
        in_use: whether there is any key, even one that was revoked. Once it is true it stays so: a
            file that is lost admits no one.

    Raises:
        KeyFileError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.in_use = False
        self._path = path
        self._version: FileVersion | None = None
        self._keys: Mapping[str, KeyRecord] = {}
        self._failed = False
        self._read()

    def find(self, text: str) -> Caller | None:
        """The caller whose valid key this is; None if it is not one."""
        key = ApiKey.parse(text)
        record = self._valid(key.id) if key else None
        if key and record and hmac.compare_digest(key.digest, record.digest):
            return record.caller
        return None

    def is_valid(self, key_id: str) -> bool:
        """Whether there is a key with this id that is neither revoked nor expired."""
        return self._valid(key_id) is not None

    def _valid(self, key_id: str) -> KeyRecord | None:
        record = self._keys.get(key_id)
        if record is None or record.revoked_at:
            return None
        has_expired = record.expires_at and record.expires_at.timestamp() <= time.time()
        return None if has_expired else record

    async def follow_continually(self) -> None:
        """Read the file again whenever it changes."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await asyncio.to_thread(self._read)
            except KeyFileError as error:  # what was read before stays valid
                if not self._failed:
                    get_logger().error("keys.unreadable", reason=str(error))
                self._failed = True
            else:
                self._failed = False

    def _read(self) -> None:
        version = file_version(self._path)
        if version == self._version:
            return
        records = read_keys(self._path)
        self._keys = {record.id: record for record in records}
        self._version = version
        self.in_use = self.in_use or bool(records)
        get_logger().info("keys.read", count=len(records))
