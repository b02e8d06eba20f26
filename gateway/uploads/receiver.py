"""Receives the parts of an upload: files onto the disk, archives unpacked, fields remembered."""

import asyncio
from contextlib import aclosing
from typing import NamedTuple

from contracts.intake import SkippedFile, StoredFile
from gateway.uploads.archive_format import ArchiveFormat, archive_format
from gateway.uploads.body import too_large, too_slow
from gateway.uploads.errors import Refusal, RefusedUploadError
from gateway.uploads.fields import FIELDS, MOST_FIELD_BYTES
from gateway.uploads.form import MOST_SENT_AS_CHARACTERS
from gateway.uploads.limits import Allowance, UploadLimits, shown
from gateway.uploads.parts import FILE_PART, PartBegins, Parts
from gateway.uploads.recognition import HEAD_BYTES, recognise
from gateway.uploads.skipping import skip_reason
from gateway.uploads.staging import BUFFER_BYTES, StagedFile, Staging
from gateway.uploads.unpacking import unpacked

SPACE_CHECK_BYTES = 64 * BUFFER_BYTES
"""Free space is looked at again each time so much has arrived."""
MOST_NAME_CHARACTERS = 16 << 20
"""The names of all files may have so many characters together: they are kept in memory."""


class _Origin(NamedTuple):
    """Where a file comes from."""

    archive: str = ""
    """What the archive that it lies in was sent as; empty for what the body has itself."""
    depth: int = 0
    """How many archives it lies in."""

    def sent_as(self, name: str) -> str:
        text = f"{self.archive}!/{name}" if self.depth else name
        return text[:MOST_SENT_AS_CHARACTERS].encode(errors="replace").decode()


class Receiving:
    """An upload that is being received.

    Args:
        staging: where its files go.
        limits: what it may cost.
        as_sent: whether each part is one file of the study, whatever its name and even if it is an
            archive.
        of_every_kind: whether files that are plainly no DICOM are enough; else at least one has to
            be something else, and the validator tells what is wrong with the others.
    """

    def __init__(
        self,
        staging: Staging,
        limits: UploadLimits,
        *,
        as_sent: bool = False,
        of_every_kind: bool = False,
    ) -> None:
        self.files: list[StoredFile] = []
        self.skipped: list[SkippedFile] = []
        self.fields: dict[str, bytes] = {}
        self._staging = staging
        self._limits = limits
        self._as_sent = as_sent
        self._of_every_kind = of_every_kind
        self._allowance = Allowance(limits.archives)
        self._budget = _Budget(staging, limits)
        self._unfit: list[RefusedUploadError] = []
        self._has_file_part = False
        self._name_characters = 0

    async def receive(self, parts: Parts) -> None:
        """Receive everything.

        Args:
            parts: what the body says, as it arrives; closed at the end.

        Raises:
            RefusedUploadError: the upload cannot be accepted.
        """
        async with aclosing(parts):
            async for event in parts:
                if isinstance(event, PartBegins):
                    if event.name == FILE_PART:
                        self._has_file_part = True
                        await self._file(parts, event.sent_as, _Origin())
                    else:
                        await self._field(parts, event)
        self._require_files()

    def _require_files(self) -> None:
        if not self._has_file_part:
            detail = f"The form has no part named '{FILE_PART}'."
            raise RefusedUploadError(Refusal.NO_FILE_PART, detail)
        if not self.files:
            detail = "There is no file, or only such as are skipped: DICOMDIR and hidden files."
            raise RefusedUploadError(Refusal.NO_FILES, detail)
        if len(self._unfit) == len(self.files) and not self._of_every_kind:
            raise self._unfit[0]

    async def _field(self, parts: Parts, part: PartBegins) -> None:
        known = () if self._as_sent else FIELDS
        if part.name not in known or part.sent_as:
            names = ", ".join(f"'{name}'" for name in (FILE_PART, *known))
            detail = f"The form has a part named '{shown(part.name)}'; known are {names}."
            if part.name in known:
                detail = f"The field '{part.name}' of the form has a file name."
            raise RefusedUploadError(Refusal.UNEXPECTED_PART, detail)
        if part.name in self.fields:
            detail = f"The form has the field '{part.name}' more than once."
            raise RefusedUploadError(Refusal.REPEATED_FIELD, detail)
        content = b""
        async for piece in parts:
            if not isinstance(piece, bytes):
                break
            # One byte too many is enough for the refusal.
            content += piece[: MOST_FIELD_BYTES + 1 - len(content)]
        self.fields[part.name] = content

    async def _file(self, parts: Parts, name: str, origin: _Origin) -> None:
        """Receive a file, up to the end of its part."""
        sent_as = origin.sent_as(name)
        self._name_characters += len(sent_as)
        if self._name_characters > MOST_NAME_CHARACTERS:
            detail = f"The files' names may have {MOST_NAME_CHARACTERS} characters together."
            raise RefusedUploadError(Refusal.TOO_MANY_FILES, detail)
        if not self._as_sent and (reason := skip_reason(name)):
            async for piece in parts:
                if not isinstance(piece, bytes):
                    break
                await self._spend(len(piece), origin)
            self.skipped.append(SkippedFile(sent_as=sent_as, reason=reason))
            return
        start, is_whole = await self._start(parts, origin)
        kind = None if self._as_sent else archive_format(start[:HEAD_BYTES])
        file = self._begin(sent_as, start[:HEAD_BYTES], kind)
        await file.write(start)
        if not is_whole:
            async for piece in parts:
                if not isinstance(piece, bytes):
                    break
                await self._spend(len(piece), origin)
                await file.write(piece)
        await file.finish()
        if kind is None:
            self.files.append(file.stored)
        else:
            await self._unpack(file, sent_as, kind, origin)

    async def _start(self, parts: Parts, origin: _Origin) -> tuple[bytes, bool]:
        """The first bytes of a file, as many as tell what it is, and whether they are all."""
        start = b""
        async for piece in parts:
            if not isinstance(piece, bytes):
                return start, True
            await self._spend(len(piece), origin)
            start += piece
            if len(start) >= HEAD_BYTES:
                break
        return start, False

    def _begin(self, sent_as: str, head: bytes, kind: ArchiveFormat | None) -> StagedFile:
        """Begin with a file or an archive."""
        if kind is not None:
            return self._staging.open_archive()
        if len(self.files) >= self._limits.max_files:
            detail = f"An upload may have {self._limits.max_files} files."
            raise RefusedUploadError(Refusal.TOO_MANY_FILES, detail)
        if not head:
            refusal = RefusedUploadError(Refusal.EMPTY_FILE, "The file has no bytes.")
            self._unfit.append(refusal)
        elif other := recognise(head):
            detail = f"The file is {other}, not DICOM."
            self._unfit.append(RefusedUploadError(Refusal.NOT_DICOM, detail))
        return self._staging.open(sent_as)

    async def _unpack(
        self, archive: StagedFile, sent_as: str, kind: ArchiveFormat, origin: _Origin
    ) -> None:
        """Receive the files in an archive and remove it."""
        self._allowance.check_nesting(origin.depth, sent_as)
        if not origin.depth:
            self._allowance.admit(archive.size_bytes)
        inside = _Origin(sent_as, origin.depth + 1)
        entries = unpacked(self._staging.path_of(archive), kind, self._allowance)
        async with aclosing(entries):
            async for event in entries:
                if isinstance(event, PartBegins):
                    await self._file(entries, event.sent_as, inside)
        await self._staging.remove(archive)

    async def _spend(self, size_bytes: int, origin: _Origin) -> None:
        await self._budget.spend(size_bytes, is_sent=not origin.depth)


class _Budget:
    """What an upload may still send, and the disk still take."""

    def __init__(self, staging: Staging, limits: UploadLimits) -> None:
        self._staging = staging
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + limits.max_upload_seconds
        self._sent = self._total = self._checked = 0

    async def spend(self, size_bytes: int, *, is_sent: bool) -> None:
        """Take more, which was sent or comes from an archive that was."""
        if is_sent:
            self._sent += size_bytes
            if self._sent > self._limits.max_upload_bytes:
                raise too_large(self._limits)
        if self._now() > self._end:
            raise too_slow(self._limits)
        self._total += size_bytes
        if self._total - self._checked >= SPACE_CHECK_BYTES:
            self._checked = self._total
            await self._staging.check_space()
