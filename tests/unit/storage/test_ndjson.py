"""Files of lines that only grow: durable, never half a line, by several writers."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.report import FileCounts
from storage import ndjson
from storage.ndjson import growing
from storage.port import LockedError


def line(number: int) -> FileCounts:
    return FileCounts(accepted=number, rejected=0)


def append(path: Path, *numbers: int) -> None:
    with growing(path) as file:
        file.append([line(number) for number in numbers])


def numbers(path: Path) -> list[int]:
    """The whole lines of a file, as `storage.stored_file.FileInStore.lines` returns them."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [FileCounts.model_validate_json(line).accepted for line in lines]


def append_many(path: Path, first: int) -> None:
    for number in range(first, first + 50):
        append(path, number)


def test_lines_come_in_the_order_in_which_they_were_added(tmp_path: Path) -> None:
    append(tmp_path / "f", 1, 2)
    append(tmp_path / "f", 3)
    assert numbers(tmp_path / "f") == [1, 2, 3]


@pytest.mark.parametrize("rest", [b'{"accep', b"x" * 100_000, b"{"])
def test_half_a_line_left_by_a_crash_is_not_read_and_is_overwritten(
    tmp_path: Path, rest: bytes
) -> None:
    path = tmp_path / "f"
    append(path, 1)
    with path.open("ab") as file:
        file.write(rest)
    assert numbers(path) == [1]
    append(path, 2)
    assert numbers(path) == [1, 2]


def test_half_a_first_line_is_overwritten_too(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"{")
    append(tmp_path / "f", 1)
    assert numbers(tmp_path / "f") == [1]


def test_several_processes_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / "f"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=append_many, args=(path, 100 * n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(numbers(path)) == [100 * n + i for n in range(3) for i in range(50)]


def test_a_writer_that_waits_too_long_gets_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "WAIT_SECONDS", 0.05)
    with growing(tmp_path / "f"), pytest.raises(LockedError):
        append(tmp_path / "f", 1)
    append(tmp_path / "f", 2)
    assert numbers(tmp_path / "f") == [2]


def test_a_waiting_writer_gets_its_turn(tmp_path: Path) -> None:
    with growing(tmp_path / "f") as file:
        other = threading.Thread(target=append, args=(tmp_path / "f", 2))
        other.start()
        file.append([line(1)])
    other.join()
    assert numbers(tmp_path / "f") == [1, 2]


def test_no_file_is_created_in_a_directory_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        append(tmp_path / "gone" / "f", 1)


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "f").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        append(tmp_path / "f", 1)
    assert not (tmp_path / "elsewhere").exists()


def test_a_line_is_durable_before_anything_else_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync: Callable[[int], None] = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    append(tmp_path / "f", 1)
    append(tmp_path / "f", 2)
    assert synced == ["f", tmp_path.name, "f"]
