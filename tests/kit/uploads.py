"""Uploads that are ingested without HTTP, and the volumes that they go to."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from archives.limits import ArchiveLimits
from chassis.access.caller import ANYONE, Caller
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake
from gateway.limits import UploadLimits
from gateway.uploads.body import limited
from gateway.uploads.ingest import ingest
from gateway.uploads.multipart_body import read_form
from gateway.uploads.receiver import UploadMode
from gateway.uploads.staging import staged
from kit.volumes import Volumes, being_written
from storage.layout import INCOMING

BOUNDARY = "xYzZY"
CONTENT = bytes(128) + b"DICM" + bytes(range(256)) * 8
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
GENEROUS = UploadLimits(
    max_files=10,
    max_upload_bytes=1 << 30,
    min_free_bytes=0,
    idle_timeout_seconds=10,
    max_upload_seconds=60,
    archives=ArchiveLimits(
        max_entries=20,
        max_entry_bytes=100_000,
        max_total_bytes=1_000_000,
        max_ratio=200,
        max_nesting=2,
    ),
)


def changed(**limits: Any) -> UploadLimits:
    """GENEROUS with some limits changed."""
    return GENEROUS.model_copy(update=limits)


def part(content: bytes, *, name: str = "file", sent_as: str = "CT.dcm") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{sent_as}"'
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def arriving(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


class Refused(NamedTuple):
    """Why an upload was refused."""

    kind: ProblemType
    detail: str


class Uploads:
    """The volumes, and what is stored there."""

    def __init__(self, root: Path) -> None:
        self.volumes = Volumes.below(root)
        self.studies = self.volumes.studies
        (self.volumes.uploads / INCOMING).mkdir(parents=True)
        self._root = root

    @property
    def files(self) -> list[Path]:
        uploads = self.volumes.uploads
        stored = [path for path in uploads.glob("[!.]*/**/*") if path.is_file()]
        return sorted([*stored, *being_written(uploads)])

    @property
    def is_empty(self) -> bool:
        """Nothing is left but the volume and its directory for what comes in."""
        uploads = self.volumes.uploads
        stored = [path for path in uploads.iterdir() if path.name != INCOMING]
        return list(self._root.iterdir()) == [uploads] and not stored + being_written(uploads)

    @asynccontextmanager
    async def receiving(
        self,
        *chunks: bytes,
        body: AsyncIterator[bytes] | None = None,
        limits: UploadLimits = GENEROUS,
        content_length: int | None = None,
        caller: Caller = ANYONE,
    ) -> AsyncIterator[Intake]:
        """An upload that has been committed."""
        content_type = f"multipart/form-data; boundary={BOUNDARY}"
        arrives = limited(body or arriving(chunks), limits)
        study_id = uuid4()
        async with staged(
            self.studies,
            study_id,
            min_free_bytes=limits.min_free_bytes,
            expected_bytes=content_length or 0,
        ) as staging:
            describe = await ingest(
                read_form(content_type, arrives, max_files=limits.max_files),
                staging,
                limits,
                UploadMode.FORM,
                study_id=study_id,
                traceparent=TRACE,
                profiles_dir=None,
                caller=caller,
            )
            yield await staging.commit(describe)

    async def receive(self, *chunks: bytes, **arguments: Any) -> Intake:
        async with self.receiving(*chunks, **arguments) as taken:
            return taken

    async def problem(self, *chunks: bytes, **arguments: Any) -> Refused:
        """Why the upload was refused; nothing of it is left."""
        with pytest.raises(Problem) as raised:
            await self.receive(*chunks, **arguments)
        assert self.is_empty
        assert raised.value.detail
        return Refused(raised.value.kind, raised.value.detail)
