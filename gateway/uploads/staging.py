"""The files of an upload on their way to storage, hashed as they are written."""

import asyncio
import contextlib
import errno
import hashlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import IO
from uuid import UUID

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name
from gateway.uploads.parts import Piece
from gateway.uploads.writer import BATCH_BYTES, Writer, finished, in_thread
from storage.layout import INTAKE
from storage.port import Draft
from storage.stored_file import FileInStore
from storage.study_store import StudyStore


class StagedFile:
    """A file that is being received.

    Args:
        writer: writes it.
        create: creates it.
    """

    def __init__(self, writer: Writer, create: Callable[[], IO[bytes]]) -> None:
        self._writer = writer
        self._create = create
        self._file: IO[bytes] | None = None
        self.size_bytes = 0

    async def write(self, data: Piece) -> None:
        """Append bytes."""
        self.size_bytes += len(data)
        await self._writer.add(partial(self._write, data), len(data))

    async def finish(self) -> None:
        """End the file; it is whole once the staging is flushed."""
        await self._writer.add(self._finish)

    def close(self) -> None:
        """Close the file, whatever has become of it."""
        if self._file:
            with contextlib.suppress(OSError):  # the disk may be full; the file is removed
                self._file.close()

    def _write(self, data: Piece) -> None:
        if self._file is None:
            self._file = self._create()
        self._file.write(data)

    def _finish(self) -> None:
        self._write(b"")
        if self._file:
            self._file.close()


class HashedFile(StagedFile):
    """A file of the study that is being received.

    Args:
        writer: writes it.
        create: creates it.
        name: the name under which it is stored.
        sent_as: the name that the client gave.
    """

    def __init__(
        self, writer: Writer, create: Callable[[], IO[bytes]], name: str, sent_as: str
    ) -> None:
        super().__init__(writer, create)
        self._name = name
        self._sent_as = sent_as
        self._sha256 = hashlib.sha256()

    @property
    def stored(self) -> StoredFile:
        """What is known of the file, once the staging is flushed."""
        return StoredFile(
            name=self._name,
            sent_as=self._sent_as,
            size_bytes=self.size_bytes,
            sha256=self._sha256.hexdigest(),
        )

    def _write(self, data: Piece) -> None:
        super()._write(data)
        self._sha256.update(data)


class Staging:
    """An upload that is being received; no reader sees it before it is committed.

    Args:
        studies: where it is stored.
        study_id: its id.
        min_free_bytes: how much free space is to be left.
    """

    def __init__(self, studies: StudyStore, study_id: UUID, min_free_bytes: int) -> None:
        self._appears = self._is_committed = False
        self._studies = studies
        self._study_id = study_id
        self._min_free_bytes = min_free_bytes
        self._draft: Draft | None = None
        self._writer = Writer()
        self._opened: list[StagedFile] = []
        self._files = self._archives = 0

    async def begin(self, expected_bytes: int) -> None:
        """Make room for the upload: that of a small one is made when its files are written.

        Args:
            expected_bytes: how much is going to arrive, as far as is known.

        Raises:
            Problem: 507.
        """
        await self._writer.add(partial(self._begin, expected_bytes))
        if expected_bytes > BATCH_BYTES:
            await self.flush()

    async def check_space(self, expected_bytes: int = 0) -> None:
        """Refuse the upload when too little free space would be left.

        Raises:
            Problem: 507.
        """
        await in_thread(self._check_space, expected_bytes)

    def open(self, sent_as: str) -> HashedFile:
        """Begin the next file."""
        name = self._next_name()
        file = HashedFile(self._writer, lambda: self._room.create(name), name, sent_as)
        self._opened.append(file)
        return file

    async def open_archive(self) -> tuple[StagedFile, Path]:
        """Begin an archive file whose entries will be files of the study.

        Returns:
            The file, and its path on this machine; the caller removes it when it is extracted.
        """
        self._archives += 1
        name = f"archive-{self._archives}"
        await self.flush()
        path = await in_thread(self._room.scratch, name)
        file = StagedFile(self._writer, lambda: path.open("xb"))
        self._opened.append(file)
        return file, path

    async def flush(self) -> None:
        """Wait until everything is written that was received."""
        await self._writer.flush()

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
        await self._writer.add(lambda: self._room.link(source.key, name, file.sha256))
        await self.flush()
        return file.model_copy(update={"name": name})

    async def commit(self, describe: Callable[[], Intake]) -> Intake:
        """Make the upload appear, complete and durable, with its ``intake.json``.

        All of a small upload is then written in one go, by one thread.

        Args:
            describe: returns the record of the upload, once everything is written.
        """
        made: list[Intake] = []
        await self._writer.add(lambda: made.append(self._commit(describe())))
        await self.flush()
        self._is_committed = True
        return made[0]

    async def discard(self) -> None:
        """Remove everything that was received, unless it was committed."""
        await finished(asyncio.ensure_future(self._discard()))

    def _begin(self, expected_bytes: int) -> None:
        self._draft = self._studies.draft(Place.UPLOADS, self._study_id)
        self._check_space(expected_bytes)

    def _commit(self, intake: Intake) -> Intake:
        self._appears = True
        content = intake.to_json()
        self._room.commit(INTAKE, lambda file: file.write(content))
        return intake

    def _check_space(self, expected_bytes: int) -> None:
        space = self._studies.store.space(Place.UPLOADS)
        if space and space.free_bytes - expected_bytes < self._min_free_bytes:
            detail = "The volume for uploads is nearly full."
            raise Problem(ProblemType.INSUFFICIENT_STORAGE, detail)

    @property
    def _room(self) -> Draft:
        if self._draft is None:
            raise RuntimeError("the staging has not begun")
        return self._draft

    def _next_name(self) -> str:
        self._files += 1
        return stored_name(self._files)

    async def _discard(self) -> None:
        await self._writer.abandon()
        if not self._is_committed:
            await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        for file in self._opened:
            file.close()
        if self._draft:
            self._draft.discard()
        folder = self._studies.uploaded(self._study_id)
        if self._appears and folder.exists():  # its commit was cancelled, or failed at the end
            self._studies.remove(folder)


@contextlib.asynccontextmanager
async def staged(
    studies: StudyStore, study_id: UUID, *, min_free_bytes: int, expected_bytes: int
) -> AsyncIterator[Staging]:
    """Room for an upload. It stays if it was committed, and only then.

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
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        detail = "The volume for uploads is full."
        raise Problem(ProblemType.INSUFFICIENT_STORAGE, detail) from None
    finally:
        await staging.discard()
