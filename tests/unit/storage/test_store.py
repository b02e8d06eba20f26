"""The contract of the storage port: every backend passes the same tests."""

import hashlib
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest

from contracts.model import Contract
from contracts.places import Place, study_directory
from kit.volumes import being_written
from storage.file_store import FileStore
from storage.layout import INTAKE, MARKERS, METADATA, REPORT
from storage.memory_store import MemoryStore
from storage.port import ChecksumMismatchError, ContentDiffersError, Store
from storage.stored_file import FileInStore

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
OTHER = UUID("3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22")
UPLOADED = study_directory(Place.UPLOADS, STUDY)
ARCHIVED = study_directory(Place.ARCHIVE, STUDY)
QUARANTINED = study_directory(Place.QUARANTINE, STUDY)


class Line(Contract):
    number: int


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def content_of(store: Store, directory: str) -> dict[str, bytes]:
    return {name: read(store, f"{directory}/{name}") for name in store.files(directory)}


def fill(store: Store, directory: str, **files: bytes) -> dict[str, bytes]:
    """Commit a directory; `original__1` means the name ``original/1.dcm``."""
    marker = MARKERS[Place(directory.partition("/")[0])]
    named = {f"{name.replace('__', '/')}.dcm": content for name, content in files.items()}
    with store.draft(directory) as draft:
        for name, content in named.items():
            with draft.create(name) as file:
                file.write(content)
        draft.commit(marker, lambda file: file.write(b"{}"))
    return {**named, marker: b"{}"}


class TestFiles:
    def test_a_file_has_the_bytes_that_were_put(self, store: Store) -> None:
        store.put("archive/.previews/1.png", b"picture")
        assert read(store, "archive/.previews/1.png") == b"picture"

    def test_a_file_that_is_put_again_is_replaced(self, store: Store) -> None:
        fill(store, UPLOADED)
        for content in (b"old and long", b"new"):
            store.put(f"{UPLOADED}/{REPORT}", content)
        assert content_of(store, UPLOADED) == {INTAKE: b"{}", REPORT: b"new"}

    def test_a_part_of_a_file_can_be_read(self, store: Store) -> None:
        fill(store, UPLOADED, a=b"0123456789")
        with store.open(f"{UPLOADED}/a.dcm") as file:
            file.seek(3)
            assert file.read(4) == b"3456"

    def test_the_size_and_the_time_of_a_file_are_known(self, store: Store) -> None:
        before = time.time_ns()
        fill(store, UPLOADED, a=b"12345")
        stat = store.stat(f"{UPLOADED}/a.dcm")
        assert stat.size_bytes == 5
        # File systems take the time from a clock of their own, some milliseconds coarse.
        assert abs(stat.modified_ns - before) < 5e9

    @pytest.mark.parametrize("key", [f"{UPLOADED}/a.dcm", f"{ARCHIVED}/{METADATA}"])
    def test_a_missing_file_is_not_found(self, store: Store, key: str) -> None:
        with pytest.raises(FileNotFoundError):
            store.open(key)
        with pytest.raises(FileNotFoundError):
            store.stat(key)

    def test_a_local_path_leads_to_the_bytes(self, store: Store) -> None:
        fill(store, UPLOADED, a=b"12345")
        path = store.path(f"{UPLOADED}/a.dcm")
        assert path is None or path.read_bytes() == b"12345"

    def test_files_are_removed_and_the_others_stay(self, store: Store) -> None:
        fill(store, QUARANTINED, a=b"1", b=b"2", c=b"3")
        store.remove([f"{QUARANTINED}/{name}" for name in ("a.dcm", "c.dcm", "missing.dcm")])
        assert content_of(store, QUARANTINED) == {"b.dcm": b"2", REPORT: b"{}"}


class TestAppending:
    def test_bytes_are_added_at_the_end(self, store: Store) -> None:
        fill(store, UPLOADED)
        store.append(f"{UPLOADED}/journal", b"one,", create=True)
        store.append(f"{UPLOADED}/journal", b"two", create=False)
        assert read(store, f"{UPLOADED}/journal") == b"one,two"

    def test_a_file_that_was_removed_does_not_come_back(self, store: Store) -> None:
        fill(store, UPLOADED)
        with pytest.raises(FileNotFoundError):
            store.append(f"{UPLOADED}/journal", b"late")
        assert content_of(store, UPLOADED) == {INTAKE: b"{}"}

    def test_lines_of_several_writers_are_all_kept(self, store: Store) -> None:
        def write(first: int) -> None:
            for number in range(first, first + 10):
                with store.lines("quarantine/removed.ndjson") as lines:
                    lines.append([Line(number=number)])

        writers = [threading.Thread(target=write, args=(first,)) for first in (0, 10, 20)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        found = read(store, "quarantine/removed.ndjson").splitlines()
        assert sorted(Line.model_validate_json(line).number for line in found) == list(range(30))

    def test_half_a_line_that_a_crash_has_left_is_not_read(self, store: Store) -> None:
        fill(store, UPLOADED)
        file = FileInStore(store, f"{UPLOADED}/journal")
        assert file.lines() == []
        file.append(b"one\ntw", create=True)
        assert file.lines() == [b"one"]


class TestDrafts:
    def test_a_directory_appears_when_it_is_committed_and_not_before(self, store: Store) -> None:
        with store.draft(ARCHIVED) as draft:
            for name in ("original/1.dcm", "original/2.dcm"):
                with draft.create(name) as file:
                    file.write(name.encode())
            assert content_of(store, ARCHIVED) == {}
            assert list(store.directories("archive")) == []
            draft.commit(METADATA, lambda file: file.write(b"{}"))
        assert content_of(store, ARCHIVED) == {
            "original/1.dcm": b"original/1.dcm",
            "original/2.dcm": b"original/2.dcm",
            METADATA: b"{}",
        }

    def test_a_draft_that_is_not_committed_leaves_nothing(self, store: Store) -> None:
        with store.draft(UPLOADED) as draft:
            with draft.create("a.dcm") as file:
                file.write(b"1")
            draft.scratch("archive.zip").write_bytes(b"2")
        assert content_of(store, UPLOADED) == {}

    def test_a_directory_is_not_committed_twice(self, store: Store) -> None:
        first = fill(store, UPLOADED, a=b"first")
        with pytest.raises(FileExistsError):
            fill(store, UPLOADED, b=b"second")
        assert content_of(store, UPLOADED) == first

    def test_when_the_marker_cannot_be_written_nothing_appears(self, store: Store) -> None:
        def fail(_: object) -> None:
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space"), store.draft(UPLOADED) as draft:
            draft.commit(INTAKE, fail)
        assert content_of(store, UPLOADED) == {}

    def test_what_is_being_written_is_no_leftover(self, store: Store) -> None:
        with store.draft(ARCHIVED) as draft:
            with draft.create("original.dcm") as file:
                file.write(b"1")
            draft.scratch("archive.zip").write_bytes(b"2")
            store.prepare(Place)
            assert list(store.leftovers(Place.ARCHIVE)) == []
            draft.commit(METADATA, lambda file: file.write(b"{}"))
        assert content_of(store, ARCHIVED) == {"original.dcm": b"1", METADATA: b"{}"}

    def test_a_scratch_file_is_local_and_not_part_of_the_directory(self, store: Store) -> None:
        with store.draft(UPLOADED) as draft:
            scratch = draft.scratch("archive.zip")
            scratch.write_bytes(b"zip")
            draft.commit(INTAKE, lambda file: file.write(b"{}"))
        assert content_of(store, UPLOADED) == {INTAKE: b"{}"}
        assert not scratch.exists()

    def test_a_file_of_the_store_is_linked(self, store: Store) -> None:
        fill(store, UPLOADED, a=b"bytes")
        with store.draft(ARCHIVED) as draft:
            draft.link(f"{UPLOADED}/a.dcm", "original/1.2.dcm", digest(b"bytes"))
            draft.commit(METADATA, lambda file: file.write(b"{}"))
        assert read(store, f"{ARCHIVED}/original/1.2.dcm") == b"bytes"
        store.remove_directory(UPLOADED)
        assert read(store, f"{ARCHIVED}/original/1.2.dcm") == b"bytes"

    def test_a_file_with_other_bytes_is_not_linked(self, store: Store) -> None:
        fill(store, UPLOADED, a=b"bytes")
        with store.draft(ARCHIVED) as draft:
            with pytest.raises(ChecksumMismatchError):
                draft.link(f"{UPLOADED}/a.dcm", "original.dcm", digest(b"others"))
            draft.commit(METADATA, lambda file: file.write(b"{}"))
        assert content_of(store, ARCHIVED) == {METADATA: b"{}"}

    def test_a_missing_file_is_not_linked(self, store: Store) -> None:
        with store.draft(ARCHIVED) as draft, pytest.raises(FileNotFoundError):
            draft.link(f"{UPLOADED}/a.dcm", "original.dcm", digest(b""))


def test_equal_content_ids_mean_equal_bytes(store: Store) -> None:
    fill(store, UPLOADED, a=b"bytes", b=b"other")
    with store.draft(ARCHIVED) as draft:
        draft.link(f"{UPLOADED}/a.dcm", "original.dcm", digest(b"bytes"))
        draft.commit(METADATA, lambda file: file.write(b"{}"))
    stats = [store.stat(f"{UPLOADED}/{name}.dcm").content_id for name in "ab"]
    archived = store.stat(f"{ARCHIVED}/original.dcm").content_id
    assert stats[0] != stats[1]
    assert archived != stats[1]


class TestDirectories:
    def test_a_directory_moves_as_a_whole(self, store: Store) -> None:
        files = fill(store, UPLOADED, a=b"1", b=b"2")
        store.put(f"{UPLOADED}/{REPORT}", b"report")
        store.move(UPLOADED, QUARANTINED)
        assert content_of(store, QUARANTINED) == {**files, REPORT: b"report"}
        assert content_of(store, UPLOADED) == {}

    def test_moving_again_changes_nothing(self, store: Store) -> None:
        files = fill(store, UPLOADED, a=b"1")
        store.move(UPLOADED, QUARANTINED)
        store.move(UPLOADED, QUARANTINED)
        assert content_of(store, QUARANTINED) == files

    def test_a_directory_never_moves_onto_a_different_one(self, store: Store) -> None:
        source, target = fill(store, UPLOADED, a=b"1"), fill(store, QUARANTINED, a=b"2")
        with pytest.raises(ContentDiffersError):
            store.move(UPLOADED, QUARANTINED)
        assert content_of(store, UPLOADED) == source
        assert content_of(store, QUARANTINED) == target

    def test_what_is_not_there_cannot_be_moved(self, store: Store) -> None:
        with pytest.raises(FileNotFoundError):
            store.move(UPLOADED, QUARANTINED)

    def test_a_directory_is_removed_and_others_stay(self, store: Store) -> None:
        other = study_directory(Place.UPLOADS, OTHER)
        fill(store, UPLOADED, original__1=b"1")
        left = fill(store, other, a=b"2")
        for _ in range(2):
            store.remove_directory(UPLOADED)
        assert content_of(store, UPLOADED) == {}
        assert content_of(store, other) == left
        assert list(store.directories("uploads")) == [str(OTHER)]

    def test_all_directories_are_listed_without_hidden_ones(self, store: Store) -> None:
        store.put("archive/.previews/1.png", b"picture")
        for study_id in (STUDY, OTHER):
            fill(store, study_directory(Place.ARCHIVE, study_id), original__1=b"1")
        assert sorted(store.directories("archive")) == [str(STUDY), str(OTHER)]
        assert list(store.directories("quarantine")) == []


def test_metadata_can_be_collected_in_a_temporary_file(store: Store) -> None:
    with store.temporary_file(Place.ARCHIVE) as file:
        file.write(b"data sets")
        file.seek(0)
        assert file.read() == b"data sets"
    assert list(store.directories("archive")) == []


def test_a_store_is_ready_once_it_is_prepared(store: Store) -> None:
    store.prepare(Place)
    store.check(Place)
    space = store.space(Place.UPLOADS)
    assert space is None or min(space) > 0
    store.settle(str(Place.ARCHIVE))


class TestTheFileSystem:
    """What only this backend promises."""

    def test_the_layout_on_the_disk_is_that_of_the_keys(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "u", tmp_path / "q", tmp_path / "a")
        fill(store, ARCHIVED, original=b"1")
        assert (tmp_path / "a" / str(STUDY) / "original.dcm").read_bytes() == b"1"

    def test_a_file_is_not_put_into_a_directory_that_is_gone(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "u", tmp_path / "q", tmp_path / "a")
        with pytest.raises(FileNotFoundError):
            store.put(f"{UPLOADED}/{REPORT}", b"{}")
        assert being_written(tmp_path / "u") == []
        assert list(store.directories("uploads")) == []

    def test_a_check_leaves_nothing_behind(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "u", tmp_path / "q", tmp_path / "a")
        store.prepare(Place)
        store.check(Place)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_a_place_that_cannot_be_written_fails_the_check(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match=r"\.ready-"):
            FileStore(tmp_path / "u", tmp_path / "q", tmp_path / "a").check([Place.UPLOADS])


def test_a_store_in_memory_fetches_no_file_from_the_disk() -> None:
    assert MemoryStore().path(f"{UPLOADED}/a.dcm") is None  # type: ignore[func-returns-value]
