"""Durable file work: what is written, placed or moved is whole, and survives a power cut."""

import errno
import hashlib
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.files import (
    durable_file,
    move_directory,
    new_directory,
    place_file,
    remove_directory,
    sha256_of,
    sync_directory,
    whole_file,
)
from storage.layout import INCOMING
from storage.port import ChecksumMismatchError, ContentDiffersError

DIGEST = hashlib.sha256(b"content").hexdigest()

Tree = dict[str, bytes]
PowerCut = Callable[[int, Callable[[], object]], bool]


def tree(root: Path) -> Tree:
    """Every file below a directory, rubbish in `.incoming` left out."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and INCOMING not in path.parts
    }


def write_durably(path: Path, content: bytes) -> None:
    with durable_file(path) as file:
        file.write(content)


def make_tree(root: Path, files: Tree) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


FILES = {"000001.dcm": b"one", "000002.dcm": b"two" * 500_000, "original/1.2.dcm": b"three"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "a" / "study", FILES)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    return tmp_path / "b" / "study"


class TestWritingDurably:
    def test_the_file_holds_the_content(self, tmp_path: Path) -> None:
        write_durably(tmp_path / "report.json", b"{}")
        assert tree(tmp_path) == {"report.json": b"{}"}

    def test_an_old_file_is_replaced(self, tmp_path: Path) -> None:
        write_durably(tmp_path / "report.json", b"old")
        write_durably(tmp_path / "report.json", b"new")
        assert tree(tmp_path) == {"report.json": b"new"}

    def test_the_bytes_are_synced_before_the_name_and_the_directory_after(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps: list[str] = []
        fsync, replace = os.fsync, os.replace

        def log_fsync(descriptor: int) -> None:
            is_directory = os.path.isdir(f"/proc/self/fd/{descriptor}")  # noqa: PTH112
            steps.append("sync directory" if is_directory else "sync file")
            fsync(descriptor)

        def log_replace(one: Any, other: Any) -> None:
            steps.append("rename")
            replace(one, other)

        monkeypatch.setattr(os, "fsync", log_fsync)
        monkeypatch.setattr(os, "replace", log_replace)
        write_durably(tmp_path / "report.json", b"{}")
        assert steps == ["sync file", "rename", "sync directory"]

    def test_what_need_not_be_durable_is_not_synced(
        self, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(os, "fsync")
        with whole_file(source / "preview.png", source) as file:
            file.write(b"picture")
        assert tree(source)["preview.png"] == b"picture"
        remove_directory(source, durable=False)
        assert not source.exists()

    def test_a_full_disk_leaves_the_old_file_and_no_rubbish(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_durably(tmp_path / "report.json", b"old")

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_durably(tmp_path / "report.json", b"new")
        assert tree(tmp_path) == {"report.json": b"old"}

    def test_a_file_that_is_written_in_parts_appears_when_it_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "metadata.json"
        with durable_file(path) as file:
            file.write(b"{")
            assert not path.exists()
            file.write(b"}")
        assert tree(tmp_path) == {"metadata.json": b"{}"}

    def test_when_writing_it_fails_the_old_file_stays(self, tmp_path: Path) -> None:
        def write_half() -> None:
            with durable_file(tmp_path / "metadata.json") as file:
                file.write(b"half")
                raise KeyError

        write_durably(tmp_path / "metadata.json", b"old")
        with pytest.raises(KeyError):
            write_half()
        assert tree(tmp_path) == {"metadata.json": b"old"}

    def test_a_power_cut_at_any_point_leaves_the_old_file_or_the_new_one(
        self, tmp_path: Path, power_cut: PowerCut
    ) -> None:
        path = tmp_path / "report.json"
        calls = 0
        path.write_bytes(b"old")
        while power_cut(calls, lambda: write_durably(path, b"new")):
            assert path.read_bytes() in {b"old", b"new"}
            calls += 1
        assert calls == 3
        assert path.read_bytes() == b"new"


class TestSyncingADirectory:
    def test_a_file_system_that_cannot_sync_directories_is_accepted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: int) -> None:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

        monkeypatch.setattr(os, "fsync", fail)
        sync_directory(tmp_path)

    def test_any_other_error_is_raised(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            sync_directory(tmp_path)


class TestPlacingAFile:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        path = tmp_path / "a" / "000001.dcm"
        path.write_bytes(b"content")
        return path

    def test_within_a_file_system_it_is_the_same_file_under_another_name(
        self, file: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "b" / "original.dcm"
        place_file(file, target, DIGEST)
        assert target.samefile(file)

    @pytest.mark.usefixtures("two_file_systems")
    def test_across_file_systems_it_is_a_synced_copy(
        self, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[str] = []
        fsync = os.fsync

        def log_fsync(descriptor: int) -> None:
            synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", log_fsync)
        target = tmp_path / "b" / "original.dcm"
        place_file(file, target, DIGEST)
        assert target.read_bytes() == b"content"
        assert not target.samefile(file)
        assert synced == ["original.dcm"]

    @pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS])
    def test_where_links_are_refused_it_is_copied(
        self, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "link", refuse)
        place_file(file, tmp_path / "b" / "original.dcm", DIGEST)
        assert (tmp_path / "b" / "original.dcm").read_bytes() == b"content"

    def test_a_file_with_unexpected_bytes_is_refused_and_removed(
        self, file: Path, tmp_path: Path
    ) -> None:
        file.write_bytes(b"c0ntent")
        with pytest.raises(ChecksumMismatchError):
            place_file(file, tmp_path / "b" / "original.dcm", DIGEST)
        assert tree(tmp_path / "b") == {}
        assert file.exists()

    @pytest.mark.usefixtures("two_file_systems")
    def test_a_copy_that_fails_leaves_nothing(
        self, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            place_file(file, tmp_path / "b" / "original.dcm", DIGEST)
        assert tree(tmp_path / "b") == {}

    @pytest.mark.parametrize("file_systems", ["one", "two"])
    def test_nothing_is_overwritten(
        self, file: Path, tmp_path: Path, file_systems: str, request: pytest.FixtureRequest
    ) -> None:
        if file_systems == "two":
            request.getfixturevalue("two_file_systems")
        target = tmp_path / "b" / "original.dcm"
        target.write_bytes(b"other")
        with pytest.raises(FileExistsError):
            place_file(file, target, DIGEST)
        assert target.read_bytes() == b"other"

    def test_a_symbolic_link_is_not_followed(self, file: Path, tmp_path: Path) -> None:
        link = tmp_path / "a" / "link.dcm"
        link.symlink_to(file)
        with pytest.raises(OSError, match="symbolic links"):
            place_file(link, tmp_path / "b" / "original.dcm", DIGEST)


class TestFillingANewDirectory:
    def test_it_appears_when_the_block_ends(self, tmp_path: Path) -> None:
        with new_directory(tmp_path / "study") as directory:
            make_tree(directory, FILES)
            assert not (tmp_path / "study").exists()
        assert tree(tmp_path / "study") == FILES

    def test_it_does_not_appear_when_the_block_fails(self, tmp_path: Path) -> None:
        def fail() -> None:
            with new_directory(tmp_path / "study") as directory:
                make_tree(directory, FILES)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert list(tmp_path.rglob("*")) == [tmp_path / INCOMING]

    def test_an_existing_target_is_kept(self, tmp_path: Path) -> None:
        make_tree(tmp_path / "study", {"000001.dcm": b"first"})
        with pytest.raises(FileExistsError), new_directory(tmp_path / "study") as directory:
            make_tree(directory, FILES)
        assert tree(tmp_path) == {"study/000001.dcm": b"first"}
        assert list((tmp_path / INCOMING).iterdir()) == []

    def test_all_its_directories_are_synced_before_it_appears(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps: list[str] = []
        fsync, rename = os.fsync, os.rename

        def log_fsync(descriptor: int) -> None:
            steps.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.split(".")[0])
            fsync(descriptor)

        def log_rename(one: Any, other: Any) -> None:
            steps.append("rename")
            rename(one, other)

        monkeypatch.setattr(os, "fsync", log_fsync)
        monkeypatch.setattr(os, "rename", log_rename)
        with new_directory(tmp_path / "study") as directory:
            make_tree(directory, FILES)
        assert steps == ["study", "original", "rename", tmp_path.name]


@pytest.mark.parametrize("file_systems", ["one", "two"])
class TestMovingADirectory:
    @pytest.fixture(autouse=True)
    def _file_systems(self, file_systems: str, request: pytest.FixtureRequest) -> None:
        if file_systems == "two":
            request.getfixturevalue("two_file_systems")

    def test_the_target_holds_everything_and_the_source_is_gone(
        self, source: Path, target: Path
    ) -> None:
        move_directory(source, target)
        assert tree(target) == FILES
        assert not source.exists()

    @pytest.mark.parametrize("moved", ["not yet", "already"])
    def test_the_target_is_durable_before_the_source_goes(
        self, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, moved: str
    ) -> None:
        if moved == "already":
            make_tree(target, FILES)
        steps: list[str] = []
        fsync, rename = os.fsync, os.rename

        def log_fsync(descriptor: int) -> None:
            steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
            fsync(descriptor)

        def log_rename(one: Path, other: Path) -> None:
            rename(one, other)
            steps.append("appear" if other == target else "vanish")

        monkeypatch.setattr(os, "fsync", log_fsync)
        monkeypatch.setattr(os, "rename", log_rename)
        move_directory(source, target)
        assert "sync b" in steps
        if "appear" in steps:
            assert steps.index("appear") < steps.index("sync b")
        if "vanish" in steps:
            assert steps.index("sync b") < steps.index("vanish")
        assert steps[-1] == "sync a"

    def test_a_second_call_changes_nothing(self, source: Path, target: Path) -> None:
        move_directory(source, target)
        move_directory(source, target)
        assert tree(target) == FILES

    def test_a_source_that_was_left_behind_is_removed(self, source: Path, target: Path) -> None:
        make_tree(target, FILES)
        move_directory(source, target)
        assert tree(target) == FILES
        assert not source.exists()

    @pytest.mark.parametrize(
        "other", [{"000001.dcm": b"0ne"}, {"000003.dcm": b"more"}], ids=["bytes", "names"]
    )
    def test_a_target_with_other_content_is_an_error_and_nothing_changes(
        self, source: Path, target: Path, other: Tree
    ) -> None:
        make_tree(target, FILES | other)
        with pytest.raises(ContentDiffersError):
            move_directory(source, target)
        assert tree(source) == FILES
        assert tree(target) == FILES | other

    def test_it_is_an_error_when_neither_source_nor_target_exists(
        self, tmp_path: Path, target: Path
    ) -> None:
        with pytest.raises(FileNotFoundError):
            move_directory(tmp_path / "a" / "missing", target)

    def test_a_power_cut_at_any_point_loses_nothing_and_the_next_call_ends_the_move(
        self, source: Path, target: Path, power_cut: PowerCut
    ) -> None:
        calls = 0
        while True:
            make_tree(source, FILES)
            interrupted = power_cut(calls, lambda: move_directory(source, target))
            assert (target.exists() and tree(target) == FILES) or tree(source) == FILES
            assert not target.exists() or tree(target) == FILES
            move_directory(source, target)
            assert tree(target) == FILES
            assert not source.exists()
            remove_directory(target)
            calls += 1
            if not interrupted:
                break
        assert calls > 3


@pytest.mark.usefixtures("two_file_systems")
class TestMovingAcrossFileSystems:
    def test_a_copy_with_wrong_bytes_is_dropped_and_the_source_stays(
        self, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def rot(reader: Any, writer: Any, _: int) -> None:
            writer.write(reader.read()[:-1] + b"?")

        monkeypatch.setattr("shutil.copyfileobj", rot)
        with pytest.raises(ContentDiffersError):
            move_directory(source, target)
        assert tree(source) == FILES
        assert not target.exists()

    @pytest.mark.parametrize("kind", ["file", "directory"])
    def test_symbolic_links_are_refused(self, source: Path, target: Path, kind: str) -> None:
        aim = source / ("000001.dcm" if kind == "file" else "original")
        (source / "link").symlink_to(aim)
        with pytest.raises(OSError, match="symbolic links"):
            move_directory(source, target)
        assert not target.exists()
        assert (source / "000001.dcm").exists()


class TestRemovingADirectory:
    def test_it_is_gone_and_leaves_nothing(self, source: Path) -> None:
        remove_directory(source)
        assert tree(source.parent) == {}
        assert list((source.parent / INCOMING).iterdir()) == []

    def test_nothing_happens_where_there_is_none(self, tmp_path: Path) -> None:
        remove_directory(tmp_path / "missing")
        assert list(tmp_path.iterdir()) == []

    def test_a_power_cut_leaves_it_complete_or_out_of_sight(
        self, source: Path, power_cut: PowerCut
    ) -> None:
        calls = 0
        while power_cut(calls, lambda: remove_directory(source)):
            assert not source.exists() or tree(source) == FILES
            make_tree(source, FILES)
            calls += 1
        assert calls > 3


def test_a_large_file_is_hashed_without_growing_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    tracemalloc.start()
    digest = sha256_of(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert digest == hashlib.sha256(bytes(64 * 1024 * 1024)).hexdigest()
    assert peak < 4 * 1024 * 1024
