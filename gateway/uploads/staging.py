"""Writes the files of an upload to the store: hashed on the way, in threads, memory flat."""

import asyncio
import contextlib
import errno
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, TypeVar
from uuid import UUID

from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name
from gateway.uploads.errors import Refusal, RefusedUploadError
from storage.layout import INTAKE
from storage.port import Draft
from storage.stored_file import FileInStore
from storage.study_store import StudyStore

Result = TypeVar("Result")

BUFFER_BYTES = 1 << 20
"""A thread writes and hashes a file each time this many bytes have been collected."""


class StagedFile:
    """A file that is being received.

    Args:
        name: the name under which it is stored.
        sent_as: the name the client gave it.
        create: creates it, to be written to.
    """

    def __init__(self, name: str, sent_as: str, create: Callable[[str], BinaryIO]) -> None:
        self.name = name
        self.size_bytes = 0
        self._sent_as = sent_as
        self._create = create
        self._buffer = bytearray()
        self._sha256 = hashlib.sha256()
        self._file: BinaryIO | None = None

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
        """What is known about the file, once it is finished."""
        return StoredFile(
            name=self.name,
            sent_as=self._sent_as,
            size_bytes=self.size_bytes,
            sha256=self._sha256.hexdigest(),
        )

    def close(self) -> None:
        """Close the file, complete or not."""
        if self._file:
            self._file.close()

    def _drain(self) -> None:
        if self._file is None:
            self._file = self._create(self.name)
        self._sha256.update(self._buffer)
        self._file.write(self._buffer)
        self._buffer.clear()

    def _finish(self) -> None:
        self._drain()
        self.close()


class Staging:
    """An upload that is being received; no one sees it before it is committed.

    Args:
        studies: where studies are stored.
        study_id: the id of the upload.
        min_free_bytes: how much has to stay free.
    """

    def __init__(self, studies: StudyStore, study_id: UUID, min_free_bytes: int) -> None:
        self._studies = studies
        self._study_id = study_id
        self._min_free_bytes = min_free_bytes
        self._draft: Draft | None = None
        self._files: list[StagedFile] = []
        self._archives: list[StagedFile] = []

    async def begin(self, expected_bytes: int) -> None:
        """Begin the study's folder.

        Raises:
            RefusedUploadError: there is not enough space for the expected bytes.
        """
        self._draft = await in_thread(self._studies.draft, Place.UPLOADS, self._study_id)
        await self.check_space(expected_bytes)

    async def check_space(self, expected_bytes: int = 0) -> None:
        """Refuse the upload when less than the minimum would stay free."""
        free_bytes = await in_thread(self._studies.store.free_bytes, Place.UPLOADS)
        if free_bytes is not None and free_bytes - expected_bytes < self._min_free_bytes:
            raise RefusedUploadError(
                Refusal.INSUFFICIENT_STORAGE, "The volume for uploads is nearly full."
            )

    def open(self, sent_as: str) -> StagedFile:
        """Begin the next file."""
        name = stored_name(len(self._files) + 1)
        file = StagedFile(name, sent_as, self._open_draft.create)
        self._files.append(file)
        return file

    def open_archive(self) -> StagedFile:
        """Begin the next archive; it is not part of the study, only the files in it are."""
        file = StagedFile(
            f"archive-{len(self._archives)}",
            "",
            lambda name: self._open_draft.scratch(name).open("xb"),
        )
        self._archives.append(file)
        return file

    def path_of(self, archive: StagedFile) -> Path:
        """Where an archive is on this machine."""
        return self._open_draft.scratch(archive.name)

    async def remove(self, archive: StagedFile) -> None:
        """Remove an archive that has been unpacked."""
        await in_thread(self.path_of(archive).unlink)

    async def place(self, source: FileInStore, file: StoredFile) -> StoredFile:
        """Add a file that is in the store already; it stays there too.

        Args:
            source: where it is.
            file: what is known about it.

        Raises:
            ChecksumMismatchError: it has other bytes.
            FileNotFoundError: it is gone.
        """
        placed = self.open(file.sent_as)
        await in_thread(self._open_draft.link, source.key, placed.name, file.sha256)
        return file.model_copy(update={"name": placed.name})

    async def commit(self, intake: Intake) -> None:
        """Make the study appear among the uploads, with its ``intake.json``."""
        content = intake.to_json()
        await in_thread(self._open_draft.commit, INTAKE, lambda file: file.write(content))

    async def discard(self) -> None:
        """Remove everything that was received, committed or not."""
        await in_thread(self._discard)

    @property
    def _open_draft(self) -> Draft:
        if self._draft is None:
            raise RuntimeError("begin() was not called")
        return self._draft

    def _discard(self) -> None:
        for file in (*self._files, *self._archives):
            file.close()
        if self._draft:
            self._draft.discard()
        # A validator may be at work on it if Redis has the event without having said so.
        self._studies.remove(self._studies.uploaded(self._study_id))


@contextlib.asynccontextmanager
async def staged(
    studies: StudyStore, study_id: UUID, min_free_bytes: int, expected_bytes: int
) -> AsyncIterator[Staging]:
    """Receive a study; an exception inside removes it, committed or not.

    Args:
        studies: where studies are stored.
        study_id: of the new study.
        min_free_bytes: what has to be left on the volume.
        expected_bytes: how much is going to arrive, as far as is known.

    Raises:
        RefusedUploadError: there is not enough space.
    """
    staging = Staging(studies, study_id, min_free_bytes)
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
