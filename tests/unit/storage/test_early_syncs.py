"""Files of a directory are made durable while further ones are written."""

import errno
import os
import threading
from pathlib import Path

import pytest

from contracts.places import Place
from storage.early_syncs import AT_ONCE, TOGETHER
from storage.file_store import FileStore
from storage.port import Draft

DIRECTORY = "uploads/0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"
FILES = 3 * TOGETHER


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "uploads", tmp_path / "quarantine", tmp_path / "archive")
    store.prepare(Place)
    return store


def name_of(descriptor: int) -> str:
    return Path(f"/proc/self/fd/{descriptor}").readlink().name


def fill(draft: Draft) -> None:
    for number in range(FILES):
        with draft.create(f"{number:06}.dcm") as file:
            file.write(b"bytes")


def test_the_first_files_are_durable_before_the_last_ones_are_written(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    enough = threading.Event()
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(name_of(descriptor))
        if len(synced) == TOGETHER:
            enough.set()

    monkeypatch.setattr(os, "fsync", watched)
    with store.draft(DIRECTORY) as draft:
        fill(draft)
        assert enough.wait(30)
        draft.commit("intake.json", lambda file: file.write(b"{}"))
    assert sorted(synced[:FILES]) == [f"{number:06}.dcm" for number in range(FILES)]
    assert synced[FILES] == "intake.json"


def test_a_file_that_is_still_open_is_synced_when_it_is_whole(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: dict[str, int] = {}
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        sizes[name_of(descriptor)] = os.fstat(descriptor).st_size
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    with store.draft(DIRECTORY) as draft:
        slow = draft.create("slow.dcm")
        fill(draft)
        slow.write(b"whole")
        slow.close()
        draft.commit("intake.json", lambda file: file.write(b"{}"))
    assert sizes["slow.dcm"] == 5


@pytest.mark.parametrize("number", [0, FILES - 1])
def test_a_file_that_cannot_be_synced_fails_the_whole(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fsync = os.fsync

    def broken(descriptor: int) -> None:
        if name_of(descriptor) == f"{number:06}.dcm":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", broken)
    with store.draft(DIRECTORY) as draft:
        fill(draft)
        with pytest.raises(OSError, match="Input/output"):
            draft.commit("intake.json", lambda file: file.write(b"{}"))
    assert list(store.files(DIRECTORY)) == []
    assert [*store.directories("uploads")] == []


def test_no_thread_is_at_work_when_a_draft_has_been_discarded(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = 0
    most = 0
    counting = threading.Lock()
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        nonlocal at_work, most
        with counting:
            at_work += 1
            most = max(most, at_work)
        fsync(descriptor)
        with counting:
            at_work -= 1

    monkeypatch.setattr(os, "fsync", watched)
    with store.draft(DIRECTORY) as draft:
        fill(draft)
    assert at_work == 0
    assert most <= AT_ONCE
    assert not list(store.leftovers(Place.UPLOADS))
