"""Writes the files of an upload to storage: hashed on the way, in threads, in flat memory."""

import asyncio
import contextlib
import errno
import hashlib
import io
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import IO, TypeVar
from uuid import UUID

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name
from storage.layout import INTAKE
from storage.port import Draft
from storage.stored_file import FileInStore
from storage.study_store import StudyStore

Result = TypeVar("Result")

BUFFER_BYTES = 1 << 20
"""How many bytes are collected before a thread writes and hashes them."""


class StagedFile:
    """A file that is being received.

    Args:
        create: creates the file.
        name: the name under which it is stored.
        sent_as: the name that the client gave.
    """

    def __init__(self, create: Callable[[], IO[bytes]], name: str, sent_as: str) -> None:
        self._create = create
        self._name = name
        self._sent_as = sent_as
        self._buffer = bytearray()
        self._sha256 = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self.size_bytes = 0

    async def write(self, data: bytes) -> None:
        """Append bytes."""
        self._buffer += data
        self.size_bytes += len(data)
        if len(self._buffer) >= BUFFER_BYTES:
            await in_thread(self._drain)

    async def finish(self) -> None:
        """Write what is left; the file is durable once the upload is committed."""
        await in_thread(self._finish)

    @property
    def stored(self) -> StoredFile:
        """What is known of the file, once it is finished."""
        return StoredFile(
            name=self._name,
            sent_as=self._sent_as,
            size_bytes=self.size_bytes,
            sha256=self._sha256.hexdigest(),
        )

    def close(self) -> None:
        """Close the file, whatever has become of it."""
        if self._file:
            with contextlib.suppress(OSError):  # the disk may be full; the file is removed
                self._file.close()

    def _drain(self) -> None:
        if self._file is None:
            self._file = self._create()
        self._sha256.update(self._buffer)
        self._file.write(self._buffer)
        self._buffer.clear()

    def _finish(self) -> None:
        self._drain()
        if self._file:
            self._file.close()


class Staging:
    """An upload that is being received; no reader sees it before it is committed.

    Args:
        studies: where it is stored.
        study_id: its id.
        min_free_bytes: how much free space is to be left.

    Attributes:
        is_committed: whether the commit has begun.
    """

    def __init__(self, studies: StudyStore, study_id: UUID, min_free_bytes: int) -> None:
        self.is_committed = False
        self._studies = studies
        self._study_id = study_id
        self._min_free_bytes = min_free_bytes
        self._draft: Draft | None = None
        self._opened: list[StagedFile] = []
        self._files = self._archives = 0

    async def begin(self, expected_bytes: int) -> None:
        """Make room for the upload.

        Args:
            expected_bytes: how much is going to arrive, as far as is known.

        Raises:
            Problem: 507.
        """
        await in_thread(self._begin)
        await self.check_space(expected_bytes)

    async def check_space(self, expected_bytes: int = 0) -> None:
        """Refuse the upload when too little free space would be left.

        Raises:
            Problem: 507.
        """
        free_bytes = await in_thread(self._studies.store.free_bytes, Place.UPLOADS)
        if free_bytes is not None and free_bytes - expected_bytes < self._min_free_bytes:
            detail = "The volume for uploads is nearly full."
            raise Problem(ProblemType.INSUFFICIENT_STORAGE, detail)

    def open(self, sent_as: str) -> StagedFile:
        """Begin the next file."""
        name = self._next_name()
        return self._open(partial(self._room.create, name), name, sent_as)

    def open_archive(self) -> tuple[StagedFile, Path]:
        """Begin an archive file whose entries will be files of the study.

        Returns:
            The file, and its path on this machine; the caller removes it when it is extracted.
        """
        self._archives += 1
        name = f"archive-{self._archives}"
        path = self._room.scratch(name)
        return self._open(partial(io.FileIO, path, "xb"), name, ""), path

    async def link(self, source: FileInStore, file: StoredFile) -> StoredFile:
        """Add a file that is stored already; it stays there too.

        Args:
            source: where it is stored.
            file: what is known of it.

        Returns:
            The same with the name that it has in this upload.

        Raises:
            ChecksumMismatchError: its bytes do not have the digest.
            FileNotFoundError: it is gone.
        """
        name = self._next_name()
        await in_thread(self._room.link, source.key, name, file.sha256)
        return file.model_copy(update={"name": name})

    async def commit(self, intake: Intake) -> None:
        """Make the upload appear, complete and durable, with its ``intake.json``."""
        self.is_committed = True
        content = intake.to_json()
        await in_thread(self._room.commit, INTAKE, lambda file: file.write(content))

    async def discard(self) -> None:
        """Remove everything that was received, committed or not."""
        await in_thread(self._discard)

    def _begin(self) -> None:
        self._draft = self._studies.draft(Place.UPLOADS, self._study_id)

    @property
    def _room(self) -> Draft:
        if self._draft is None:
            raise RuntimeError("the staging has not begun")
        return self._draft

    def _next_name(self) -> str:
        self._files += 1
        return stored_name(self._files)

    def _open(self, create: Callable[[], IO[bytes]], name: str, sent_as: str) -> StagedFile:
        file = StagedFile(create, name, sent_as)
        self._opened.append(file)
        return file

    def _discard(self) -> None:
        for file in self._opened:
            file.close()
        if self._draft:
            self._draft.discard()
        if self.is_committed:
            # A validator may be reading it if Redis has the event without having said so.
            self._studies.remove(self._studies.uploaded(self._study_id))


@contextlib.asynccontextmanager
async def staged(
    studies: StudyStore, study_id: UUID, *, min_free_bytes: int, expected_bytes: int
) -> AsyncIterator[Staging]:
    """Room for an upload. It stays only if it was committed and the block ends without an error.

    Args:
        studies: where it is stored.
        study_id: the id of the new study.
        min_free_bytes: how much free space is to be left.
        expected_bytes: how much is going to arrive, as far as is known.

    Raises:
        Problem: 507, there is not enough space.
    """
    staging = Staging(studies, study_id, min_free_bytes)
    try:
        await staging.begin(expected_bytes)
        yield staging
    except OSError as error:
        await staging.discard()
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        detail = "The volume for uploads is full."
        raise Problem(ProblemType.INSUFFICIENT_STORAGE, detail) from None
    except BaseException:
        await staging.discard()
        raise
    if not staging.is_committed:
        await staging.discard()


async def in_thread(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in a thread, and wait for its end even when cancelled.

    A thread cannot be cancelled: what it still wrote would stay behind.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
