"""What `hdv up` checks about the data directory."""

import os
import stat
from pathlib import Path

import pytest

from hdv.exit import CommandError
from hdv.up.preflight import lock_directory, make_directories


def test_a_new_data_directory_is_private(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    with lock_directory(data):
        assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_data_directory_in_use_is_refused_with_the_process_that_uses_it(tmp_path: Path) -> None:
    with lock_directory(tmp_path), pytest.raises(CommandError) as refusal:
        lock_directory(tmp_path)
    assert f"(process {os.getpid()})" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_data_directory_is_free_again_once_its_lock_is_closed(tmp_path: Path) -> None:
    lock_directory(tmp_path).close()
    lock_directory(tmp_path).close()


def test_a_file_in_the_place_of_the_data_directory_is_one_clear_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.touch()
    with pytest.raises(CommandError, match=r"data directory .*/data: File exists; .*--data$"):
        lock_directory(data)


def test_a_file_in_the_place_of_a_volume_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "uploads").touch()
    with pytest.raises(CommandError, match=r"cannot make the directory .*/uploads: File exists$"):
        make_directories(tmp_path / "run", tmp_path / "uploads")
