"""A small file system of its own for a volume, to be filled or made read-only."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_CHUNK = bytes(1 << 16)


class SmallVolume:
    """A file system in memory that is mounted at a directory.

    It needs the right to mount, which root has; without it the test is skipped and says so.

    Args:
        directory: where it is mounted.
        megabytes: its size.
    """

    def __init__(self, directory: Path, megabytes: int) -> None:
        self._directory = directory
        self._options = f"size={megabytes}m"

    def __enter__(self) -> "SmallVolume":
        if os.geteuid() != 0:
            pytest.skip("only root can mount the small file system that is to be filled")
        self._directory.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", self._options, "tmpfs", str(self._directory))
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: a killed process may have a file open for another moment.
        _run("umount", "--lazy", str(self._directory))

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Not one byte more can be written while the context lasts."""
        ballast = self._directory / ".ballast"
        try:
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(_CHUNK)
            yield
        finally:
            ballast.unlink()

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be written while the context lasts.

        The same file system is mounted once more, read-only and on top: unlike the first mount that
        one has no files that are open for writing, which would forbid it.
        """
        directory = str(self._directory)
        _run("mount", "--bind", directory, directory)
        try:
            _run("mount", "-o", "remount,bind,ro", directory)
            yield
        finally:
            _run("umount", "--lazy", directory)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=30)
