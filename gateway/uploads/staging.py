"""Writes what arrives to disk: hashed on the way, in threads, memory flat, whole or not at all."""

import asyncio
import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from uuid import UUID

from contracts.intake import Intake, StoredFile
from contracts.volumes import INCOMING, INTAKE, Volumes, stored_name
from gateway.uploads.errors import Refusal, RefusedUploadError
from storage.files import place_file, remove_directory, sync_directory

Result = TypeVar("Result")

BUFFER_BYTES = 1 << 20
"""So many bytes are collected before a thread writes and hashes them."""
SYNCS_AT_ONCE = 8
"""A disk makes several files durable in about the time of one."""


class StagedFile:
    """A file that is being received."""

    def __init__(self, path: Path, sent_as: str) -> None:
        self.path = path
        self._sent_as = sent_as
        self._buffer = bytearray()
        self._sha256 = hashlib.sha256()
        self._file: BinaryIO | None = None
        self.size_bytes = 0

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data
        self.size_bytes += len(data)
        if len(self._buffer) >= BUFFER_BYTES:
            await in_thread(self._drain)

    async def finish(self) -> None:
        """Write what is left; the file is durable once the study is committed."""
        await in_thread(self._finish)

    @property
    def stored(self) -> StoredFile:
        """What is known of the file, once it is finished."""
        return StoredFile(
            name=self.path.name,
            sent_as=self._sent_as,
            size_bytes=self.size_bytes,
            sha256=self._sha256.hexdigest(),
        )

    def close(self) -> None:
        """Let the file go, whatever has become of it."""
        if self._file:
            self._file.close()

    def _drain(self) -> None:
        if self._file is None:
            self._file = self.path.open("xb", buffering=0)
        view = memoryview(self._buffer)
        self._sha256.update(view)
        written = 0
        while written < len(view):
            written += self._file.write(view[written:]) or 0
        view.release()
        self._buffer.clear()

    def _finish(self) -> None:
        self._drain()
        self.close()


class Staging:
    """A study that is being received, under ``uploads/.incoming/{study_id}/``."""

    def __init__(self, volumes: Volumes, study_id: UUID, min_free_bytes: int) -> None:
        self._volumes = volumes
        self._study_id = study_id
        self._min_free_bytes = min_free_bytes
        self._directory = volumes.uploads / INCOMING / str(study_id)
        self._files: list[StagedFile] = []
        self._archives: list[StagedFile] = []

    async def begin(self, expected_bytes: int) -> None:
        """Make the directory.

        Raises:
            RefusedUploadError: the volume has not enough space for what is expected.
        """
        await in_thread(partial(self._directory.mkdir, parents=True))
        await self.check_space(expected_bytes)

    async def check_space(self, expected_bytes: int = 0) -> None:
        """Refuse the upload when the volume would be left with less than the watermark."""
        usage = await in_thread(shutil.disk_usage, self._volumes.uploads)
        if usage.free - expected_bytes < self._min_free_bytes:
            raise RefusedUploadError(
                Refusal.INSUFFICIENT_STORAGE, "The volume for uploads is nearly full."
            )

    def open(self, sent_as: str) -> StagedFile:
        """Begin the next file."""
        file = StagedFile(self._directory / stored_name(len(self._files) + 1), sent_as)
        self._files.append(file)
        return file

    def open_archive(self) -> StagedFile:
        """Begin the next archive, whose files will be the study's; it is to be removed then."""
        file = StagedFile(self._directory / f"archive-{len(self._archives)}", "")
        self._archives.append(file)
        return file

    async def remove(self, archive: StagedFile) -> None:
        """Remove an archive that has been unpacked."""
        await in_thread(archive.path.unlink)

    async def place(self, source: Path, file: StoredFile) -> StoredFile:
        """Take a file that lies on the volumes already; it stays there too.

        Args:
            source: where it lies.
            file: what is known of it.

        Raises:
            ChecksumMismatchError: its bytes are others.
            FileNotFoundError: it is gone.
        """
        placed = self.open(file.sent_as)
        await in_thread(place_file, source, placed.path, file.sha256)
        return file.model_copy(update={"name": placed.path.name})

    async def commit(self, intake: Intake) -> None:
        """Let the study appear in ``uploads/`` with its ``intake.json``, by one rename."""
        await in_thread(self._commit, intake)

    async def discard(self) -> None:
        """Remove everything that was received, committed or not."""
        await in_thread(self._discard)

    def _commit(self, intake: Intake) -> None:
        with ThreadPoolExecutor(min(SYNCS_AT_ONCE, len(self._files) or 1)) as pool:
            for _ in pool.map(_sync, [file.path for file in self._files]):
                pass
        with (self._directory / INTAKE).open("xb") as file:
            file.write(intake.to_json())
            file.flush()
            os.fsync(file.fileno())
        sync_directory(self._directory)
        self._directory.rename(self._volumes.uploaded(self._study_id))
        sync_directory(self._volumes.uploads)

    def _discard(self) -> None:
        for file in (*self._files, *self._archives):
            file.close()
        if self._directory.exists():
            shutil.rmtree(self._directory)
        # A validator may be at work on it if Redis has the event without having said so.
        remove_directory(self._volumes.uploaded(self._study_id))


@contextlib.asynccontextmanager
async def staged(
    volumes: Volumes, study_id: UUID, min_free_bytes: int, expected_bytes: int
) -> AsyncIterator[Staging]:
    """Receive a study; an exception inside removes it, committed or not.

    Args:
        volumes: where studies go.
        study_id: of the new study.
        min_free_bytes: what has to be left on the volume.
        expected_bytes: how much is going to arrive, as far as is known.

    Raises:
        RefusedUploadError: there is not enough space.
    """
    staging = Staging(volumes, study_id, min_free_bytes)
    try:
        await staging.begin(expected_bytes)
        yield staging
    except OSError as error:
        await staging.discard()
        if out_of_space(error):
            detail = "The volume for uploads is full."
            raise RefusedUploadError(Refusal.INSUFFICIENT_STORAGE, detail) from None
        raise
    except BaseException:
        await staging.discard()
        raise


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def out_of_space(error: OSError) -> bool:
    """Whether an error says that the volume, or the quota on it, is used up."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


async def in_thread(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in a thread; who is cancelled meanwhile leaves once the thread has ended.

    A thread cannot be cancelled: what it still wrote would stay behind.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
