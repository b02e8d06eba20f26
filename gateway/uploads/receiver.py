"""Receives the parts of an upload: files onto the disk, archive files extracted, fields kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from enum import Enum, auto
from typing import NamedTuple

from archives.errors import ArchiveError
from archives.formats import HEAD_BYTES, ArchiveFormat, archive_format
from archives.limits import Budget
from archives.names import skip_reason
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import SkippedFile, StoredFile
from engine.file_kinds import other_format
from gateway.limits import UploadLimits
from gateway.uploads.errors import archive_problem, shown
from gateway.uploads.extraction import extract
from gateway.uploads.fields import FIELDS, MOST_FIELD_BYTES
from gateway.uploads.limit_problems import too_large, too_many_files, too_slow
from gateway.uploads.multipart_body import MOST_SENT_AS_CHARACTERS
from gateway.uploads.parts import FILE_PART, Part, Parts, Piece
from gateway.uploads.staging import HashedFile, StagedFile, Staging
from gateway.uploads.writer import in_thread

SPACE_CHECK_BYTES = 64 << 20
"""How much arrives between two looks at the free space."""
MOST_NAME_CHARACTERS = 16 << 20
"""How many characters the names of all files may have together: they are kept in memory."""


class UploadMode(Enum):
    """How the parts of an upload are taken."""

    FORM = auto()
    """A form: archive files are extracted, what is not part of a study is skipped, fields are read,
    and at least one file must look as if it could be DICOM."""
    STOW = auto()
    """STOW-RS: each part is one file of the study, whatever its bytes."""
    REPLACEMENT = auto()
    """A file in place of one in quarantine: taken as it is, but it must look as if it could
    be DICOM."""


class _Origin(NamedTuple):
    """Where a file comes from."""

    archive: str = ""
    """What the archive file that it is in was sent as; empty for a part of the body."""
    depth: int = 0
    """How many archive files it is in."""

    def sent_as(self, name: str) -> str:
        text = f"{self.archive}!/{name}" if self.depth else name
        return text[:MOST_SENT_AS_CHARACTERS].encode(errors="replace").decode()


class Receiver:
    """Receives one upload.

    Args:
        staging: where its files go.
        limits: what it may cost.
        mode: how its parts are taken.

    Attributes:
        skipped: what was not kept.
        fields: the form's fields as they were sent.
    """

    def __init__(self, staging: Staging, limits: UploadLimits, mode: UploadMode) -> None:
        self.skipped: list[SkippedFile] = []
        self.fields: dict[str, bytes] = {}
        self._files: list[HashedFile] = []
        self._staging = staging
        self._limits = limits
        self._mode = mode
        self._archives = Budget(limits.archives)
        self._meter = _Meter(staging, limits)
        self._not_dicom: list[Problem] = []
        self._has_file_part = False
        self._name_characters = 0

    async def receive(self, parts: Parts) -> None:
        """Receive everything.

        Args:
            parts: of the body, as they arrive; closed at the end.

        Raises:
            Problem: the upload cannot be accepted.
        """
        async with aclosing(parts):
            async for part in parts:
                if part.head.name == FILE_PART:
                    self._has_file_part = True
                    await self._file(part, _Origin())
                else:
                    await self._field(part)
        self._require_files()

    @property
    def files(self) -> list[StoredFile]:
        """What was received, in order; known once the staging is flushed."""
        return [file.stored for file in self._files]

    def _require_files(self) -> None:
        if not self._has_file_part:
            detail = f"The form has no part named '{FILE_PART}'."
            raise Problem(ProblemType.NO_FILE_PART, detail)
        if not self._files:
            detail = "There are no files, or only skipped ones: DICOMDIR and hidden files."
            raise Problem(ProblemType.NO_FILES, detail)
        if len(self._not_dicom) == len(self._files) and self._mode is not UploadMode.STOW:
            raise self._not_dicom[0]

    async def _field(self, part: Part) -> None:
        name = part.head.name
        known = FIELDS if self._mode is UploadMode.FORM else ()
        if name not in known:
            names = ", ".join(f"'{name}'" for name in (FILE_PART, *known))
            detail = f"The form has a part named '{shown(name)}'; known are {names}."
            raise Problem(ProblemType.UNEXPECTED_PART, detail)
        if part.head.sent_as:
            detail = f"The field '{name}' of the form has a file name."
            raise Problem(ProblemType.UNEXPECTED_PART, detail)
        if name in self.fields:
            detail = f"The form has the field '{name}' more than once."
            raise Problem(ProblemType.REPEATED_FIELD, detail)
        content = b""
        async for piece in part:
            # One byte too many is enough for the refusal.
            content += piece[: MOST_FIELD_BYTES + 1 - len(content)]
        self.fields[name] = content

    async def _file(self, part: Part, origin: _Origin) -> None:
        """Receive a file, up to the end of its part."""
        sent_as = origin.sent_as(part.head.sent_as)
        self._require_name(sent_as)
        pieces = _MeteredPart(part, self._meter, is_sent=not origin.depth)
        if self._mode is not UploadMode.FORM:
            await self._store(await _head_of(pieces), pieces, sent_as)
        elif reason := skip_reason(part.head.sent_as):
            async for _ in pieces:
                pass
            self.skipped.append(SkippedFile(sent_as=sent_as, reason=reason))
        else:
            head = await _head_of(pieces)
            if not head and not sent_as:
                return  # a browser sends this for an input in which no file was chosen
            if kind := archive_format(bytes(head[:HEAD_BYTES])):
                await self._extract(head, pieces, sent_as, kind, origin.depth)
            else:
                await self._store(head, pieces, sent_as)

    def _require_name(self, sent_as: str) -> None:
        self._name_characters += len(sent_as)
        if self._name_characters > MOST_NAME_CHARACTERS:
            detail = f"The files' names may have {MOST_NAME_CHARACTERS} characters together."
            raise Problem(ProblemType.TOO_MANY_FILES, detail)

    async def _store(self, head: Piece, rest: AsyncIterator[Piece], sent_as: str) -> None:
        """Store a file of the study."""
        if len(self._files) >= self._limits.max_files:
            raise too_many_files(self._limits)
        if not head:
            self._not_dicom.append(Problem(ProblemType.EMPTY_FILE, "The file has no bytes."))
        elif other := other_format(bytes(head[:HEAD_BYTES])):
            detail = f"The file looks like {other}, not like DICOM."
            self._not_dicom.append(Problem(ProblemType.NOT_DICOM, detail))
        file = self._staging.open(sent_as)
        await _write(file, head, rest)
        self._files.append(file)

    async def _extract(
        self,
        head: Piece,
        rest: AsyncIterator[Piece],
        sent_as: str,
        kind: ArchiveFormat,
        depth: int,
    ) -> None:
        """Receive the files in an archive file and remove it."""
        archive, path = await self._staging.open_archive()
        await _write(archive, head, rest)
        await self._staging.flush()
        try:
            self._archives.require_depth(depth, sent_as)
        except ArchiveError as error:
            raise archive_problem(error) from None
        if not depth:
            self._archives.add_archive(archive.size_bytes)
        parts = extract(path, kind, self._archives)
        async with aclosing(parts):
            async for part in parts:
                await self._file(part, _Origin(sent_as, depth + 1))
        await in_thread(path.unlink)


class _Meter:
    """Counts what an upload sends and what goes to the disk, and holds both to their limits."""

    def __init__(self, staging: Staging, limits: UploadLimits) -> None:
        self._staging = staging
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + limits.max_upload_seconds
        self._sent_bytes = self._unchecked_bytes = 0

    async def count(self, size_bytes: int, *, is_sent: bool) -> None:
        """Count bytes that were sent, or come from an archive file that was."""
        if is_sent:
            self._sent_bytes += size_bytes
            if self._sent_bytes > self._limits.max_upload_bytes:
                raise too_large(self._limits)
        if self._now() > self._end:
            raise too_slow(self._limits)
        self._unchecked_bytes += size_bytes
        if self._unchecked_bytes >= SPACE_CHECK_BYTES:
            self._unchecked_bytes = 0
            await self._staging.check_space()


class _MeteredPart:
    """The bytes of a part, counted as they are read."""

    def __init__(self, part: Part, meter: _Meter, *, is_sent: bool) -> None:
        self._part = part
        self._meter = meter
        self._is_sent = is_sent

    def __aiter__(self) -> "_MeteredPart":
        return self

    async def __anext__(self) -> Piece:
        piece = await anext(self._part)
        await self._meter.count(len(piece), is_sent=self._is_sent)
        return piece


async def _head_of(pieces: AsyncIterator[Piece]) -> Piece:
    """The first bytes of a file, at least as many as decide what it is, if it has them."""
    head: Piece = b""
    async for piece in pieces:
        head = head + piece if head else piece
        if len(head) >= HEAD_BYTES:
            break
    return head


async def _write(file: StagedFile, head: Piece, rest: AsyncIterator[Piece]) -> None:
    await file.write(head)
    async for piece in rest:
        await file.write(piece)
    await file.finish()
