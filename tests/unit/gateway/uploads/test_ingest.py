"""Ingesting an upload: whole and durable, or nothing of it is left."""

import asyncio
import errno
import hashlib
import io
import os
import shutil
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from chassis.web.problem_types import ProblemType
from contracts.events import StudyUploaded
from contracts.intake import Intake
from gateway.uploads import receiver
from kit.uploads import CONTENT, TRACE, Uploads, arriving, changed, form, part
from storage import file_store, files
from storage.layout import INTAKE


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


async def test_a_study_is_stored_byte_for_byte_with_its_digest(uploads: Uploads) -> None:
    body = form(part(CONTENT))
    taken = await uploads.receive(*(body[start : start + 100] for start in range(0, 3000, 100)))
    [file] = taken.files
    directory = uploads.volumes.uploaded(taken.event.subject)
    assert uploads.files == [directory / "000001.dcm", directory / INTAKE]
    assert uploads.files[0].read_bytes() == CONTENT
    assert file.name == "000001.dcm"
    assert file.size_bytes == len(CONTENT)
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_intake_json_says_the_same_and_holds_the_event(uploads: Uploads) -> None:
    taken = await uploads.receive(form(part(CONTENT)))
    written = Intake.model_validate_json(uploads.files[1].read_bytes())
    assert written == taken
    event = written.event
    assert isinstance(event, StudyUploaded)
    assert event.service == "gateway"
    assert event.traceparent == TRACE
    assert event.data.directory == f"uploads/{event.subject}"
    assert (event.data.file_count, event.data.size_bytes) == (1, len(CONTENT))


async def test_every_file_is_durable_before_the_study_appears(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at the end, several at once: a disk takes no longer for eight than for one."""
    synced: list[str] = []
    fsync, rename = os.fsync, os.rename

    def watched_fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def watched_rename(source: Any, target: Any) -> None:
        synced.append("renamed")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "rename", watched_rename)
    taken = await uploads.receive(form(*[part(CONTENT)] * 10))
    study_id = str(taken.event.subject)
    assert sorted(synced[:10]) == [file.name for file in taken.files]
    assert [name.partition(".")[0] for name in synced[11:]] == [study_id, "renamed", "uploads"]
    assert synced[10] == INTAKE


async def test_every_upload_is_a_study_of_its_own(uploads: Uploads) -> None:
    one = await uploads.receive(form(part(CONTENT)))
    other = await uploads.receive(form(part(CONTENT)))
    assert one.event.subject != other.event.subject


async def test_the_study_appears_only_once_it_is_whole(uploads: Uploads) -> None:
    seen: list[list[Path]] = []

    async def body() -> AsyncIterator[bytes]:
        yield form(part(CONTENT))
        seen.append(list(uploads.volumes.uploads.glob("[!.]*")))

    async with uploads.receiving(body=body()) as taken:
        seen.append(list(uploads.volumes.uploads.glob("[!.]*")))
    assert seen == [[], [uploads.volumes.uploaded(taken.event.subject)]]


async def test_everything_is_durable_before_the_study_appears(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    rename, fsync = os.rename, os.fsync

    def watched_fsync(descriptor: int) -> None:
        done.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def watched_rename(source: Any, target: Any) -> None:
        done.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "rename", watched_rename)
    taken = await uploads.receive(form(part(CONTENT)))
    study = str(taken.event.subject)
    assert done[:2] == ["000001.dcm", INTAKE]
    assert [name.partition(".")[0] for name in done[2:]] == [study, "rename", "uploads"]


@pytest.mark.parametrize(
    "sent_as", ["../../etc/passwd", "/etc/passwd", "..", "a/b", "nul\0", "x" * 3000, ""]
)
async def test_the_clients_file_name_is_kept_as_text_and_never_becomes_a_path(
    uploads: Uploads, sent_as: str
) -> None:
    taken = await uploads.receive(form(part(CONTENT, sent_as=sent_as)))
    directory = uploads.volumes.uploaded(taken.event.subject)
    assert uploads.files == [directory / "000001.dcm", directory / INTAKE]
    assert taken.files[0].sent_as == sent_as[:1024]
    assert b"sent_as" not in taken.event.to_json()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(), ProblemType.NO_FILE_PART),
        (form(*[part(CONTENT)] * 11), ProblemType.TOO_MANY_FILES),
        (form(part(b"x", name="note")), ProblemType.UNEXPECTED_PART),
        (form(part(CONTENT), part(b"x", name="note")), ProblemType.UNEXPECTED_PART),
        (form(part(b"")), ProblemType.EMPTY_FILE),
        (form(part(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")), ProblemType.NOT_DICOM),
        (form(part(b"\x7fELF\x02\x01\x01\0" + bytes(10_000))), ProblemType.NOT_DICOM),
        (form(part(CONTENT))[:-10], ProblemType.BROKEN_MULTIPART),
        (part(CONTENT), ProblemType.BROKEN_MULTIPART),
        (b"", ProblemType.BROKEN_MULTIPART),
    ],
)
async def test_a_refused_upload_leaves_nothing_behind(
    uploads: Uploads, body: bytes, kind: ProblemType
) -> None:
    assert (await uploads.problem(body)).kind is kind
    byte_by_byte = [body[index : index + 1] for index in range(len(body))]
    assert (await uploads.problem(*byte_by_byte)).kind is kind


async def test_an_unknown_part_is_named_but_not_at_any_length(uploads: Uploads) -> None:
    refused = await uploads.problem(form(part(b"x", name="n" * 3000)))
    assert "n" * 100 in refused.detail
    assert len(refused.detail) < 200


def endless(content: bytes) -> Iterable[bytes]:
    """A body that would never end."""
    yield content
    while True:
        yield bytes(1000)


@pytest.mark.parametrize(
    "beginning",
    [part(CONTENT)[:-2], b"", form(part(CONTENT))],
    ids=["in the file", "before the form", "after the form"],
)
async def test_an_upload_without_end_is_stopped_at_the_limit_wherever_it_is(
    uploads: Uploads, beginning: bytes
) -> None:
    """Also without Content-Length."""
    limits = changed(max_upload_bytes=10_000)
    refused = await asyncio.wait_for(
        uploads.problem(body=arriving(endless(beginning)), limits=limits), timeout=5
    )
    assert refused.kind is ProblemType.UPLOAD_TOO_LARGE
    assert "10000 bytes" in refused.detail


@pytest.mark.parametrize(("size", "fits"), [(len(CONTENT), True), (len(CONTENT) - 1, False)])
async def test_the_limit_is_of_the_files_bytes(uploads: Uploads, size: int, fits: bool) -> None:
    limits = changed(max_upload_bytes=size)
    if fits:
        assert await uploads.receive(form(part(CONTENT)), limits=limits)
    else:
        refused = await uploads.problem(form(part(CONTENT)), limits=limits)
        assert refused.kind is ProblemType.UPLOAD_TOO_LARGE


def free_space(*figures: int) -> Callable[[Path], SimpleNamespace]:
    """A volume with so much free space, each time it is looked at."""
    left = iter(figures)
    return lambda _: SimpleNamespace(free=next(left), used=0)


async def test_a_large_upload_that_would_leave_too_little_space_is_refused_at_its_beginning(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", free_space(10_000_000))
    limits = changed(min_free_bytes=900_000)

    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body must not be asked for")
        yield b""

    refused = await uploads.problem(body=body(), limits=limits, content_length=9_100_001)
    assert refused.kind is ProblemType.INSUFFICIENT_STORAGE


async def test_a_small_upload_that_would_leave_too_little_space_is_refused(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", free_space(1_000_000))
    limits = changed(min_free_bytes=900_000)
    refused = await uploads.problem(form(part(CONTENT)), limits=limits, content_length=100_001)
    assert refused.kind is ProblemType.INSUFFICIENT_STORAGE
    assert uploads.is_empty


async def test_space_that_vanishes_while_a_file_arrives_is_noticed(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", free_space(1_000_000, 999_999))
    monkeypatch.setattr(receiver, "SPACE_CHECK_BYTES", 1000)
    limits = changed(min_free_bytes=1_000_000)
    refused = await uploads.problem(form(part(CONTENT)), limits=limits)
    assert refused.kind is ProblemType.INSUFFICIENT_STORAGE


class FullDisk(io.FileIO):
    """A file whose disk has no room any more."""

    def write(self, _: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fail_with(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def break_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "open", lambda path, _: FullDisk(path, "xb"), raising=False)


def break_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(errno.ENOSPC))


def break_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(errno.EDQUOT))


def break_rename(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "rename", fail_with(errno.ENOSPC))


@pytest.mark.parametrize("fault", [break_write, break_fsync, break_quota, break_rename])
async def test_a_disk_that_is_full_refuses_the_upload(
    uploads: Uploads,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[pytest.MonkeyPatch], None],
) -> None:
    with monkeypatch.context() as broken:
        fault(broken)
        refused = await uploads.problem(form(part(CONTENT)))
    assert refused.kind is ProblemType.INSUFFICIENT_STORAGE


async def test_a_disk_that_is_broken_is_an_error_and_leaves_nothing_behind(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        await uploads.receive(form(part(CONTENT)))
    assert uploads.is_empty


@pytest.mark.parametrize("sent", [b"", part(CONTENT)[:-2], form(part(CONTENT))])
async def test_an_upload_that_stalls_is_ended(uploads: Uploads, sent: bytes) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield sent
        await asyncio.Event().wait()

    limits = changed(idle_timeout_seconds=0.01)
    refused = await uploads.problem(body=body(), limits=limits)
    assert refused.kind is ProblemType.UPLOAD_STALLED


async def test_a_client_that_goes_away_leaves_nothing_behind(uploads: Uploads) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield part(CONTENT)
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        await uploads.receive(body=body())
    assert uploads.is_empty


async def test_an_upload_that_is_cancelled_leaves_nothing_behind(uploads: Uploads) -> None:
    waiting = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield part(CONTENT * 1000)
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(uploads.receive(body=body()))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert uploads.is_empty


class Turnstile:
    """Holds a function back in its thread until `go_on` is set."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self.reached = asyncio.Event()
        self.go_on = threading.Event()

    def __call__(self, *arguments: Any) -> Any:
        self._loop.call_soon_threadsafe(self.reached.set)
        self.go_on.wait(10)
        return self._function(*arguments)


@pytest.mark.parametrize(
    ("place", "name"), [(os, "fsync"), (os, "rename"), (files, "sync_directory")]
)
async def test_an_upload_cancelled_during_a_write_leaves_nothing_behind(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    """A thread cannot be cancelled: it has to end before what it wrote is removed."""
    turnstile = Turnstile(getattr(place, name))

    def held_back(*arguments: Any) -> Any:
        return turnstile(*arguments)

    monkeypatch.setattr(place, name, held_back)
    task = asyncio.create_task(uploads.receive(form(part(CONTENT))))
    await turnstile.reached.wait()
    task.cancel()
    await asyncio.sleep(0)  # let the cancellation arrive while the thread is still at work
    turnstile.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert uploads.is_empty


async def test_what_is_committed_stays_whatever_happens_then(uploads: Uploads) -> None:
    """Redis may have its event without having said so, and a validator be reading it."""

    async def announce_in_vain() -> None:
        async with uploads.receiving(form(part(CONTENT))):
            raise ConnectionError("Redis is unavailable")

    with pytest.raises(ConnectionError):
        await announce_in_vain()
    assert [file.name for file in uploads.files] == ["000001.dcm", "intake.json"]


async def test_memory_stays_flat_however_large_the_file_is(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # 200 MB need not reach this disk
    chunk = bytes(1 << 16)
    sent = hashlib.sha256()

    def body() -> Iterable[bytes]:
        yield part(b"")[:-2]
        for _ in range(3200):
            sent.update(chunk)
            yield chunk
        yield b"\r\n" + form()

    tracemalloc.start()
    try:
        async with uploads.receiving(body=arriving(body())) as taken:
            _, peak = tracemalloc.get_traced_memory()
            [file] = taken.files
            size = uploads.files[0].stat().st_size
            uploads.files[0].unlink()
    finally:
        tracemalloc.stop()
    assert size == file.size_bytes == 3200 << 16
    assert file.sha256 == sent.hexdigest()
    assert peak < 10 << 20


async def test_a_trickle_does_not_hold_its_place_for_ever(uploads: Uploads) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while True:
            yield b"x"
            await asyncio.sleep(0)

    limits = changed(max_upload_seconds=0.02)
    refused = await uploads.problem(body=trickle(), limits=limits)
    assert refused.kind is ProblemType.UPLOAD_STALLED
    assert "may take" in refused.detail
