"""What a process creates is for its user and its group."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.runtime.permissions import restrict


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("before", "directory", "file"),
    [(0o000, 0o750, 0o640), (0o022, 0o750, 0o640), (0o077, 0o700, 0o600)],
)
def test_others_may_do_nothing(tmp_path: Path, before: int, directory: int, file: int) -> None:
    os.umask(before)
    restrict()
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    assert (tmp_path / "directory").stat().st_mode & 0o777 == directory
    assert (tmp_path / "file").stat().st_mode & 0o777 == file
