"""A small file system of its own for a volume, to be filled or made read-only."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kit.pipeline import until

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
        """Nothing can be written while the context lasts."""
        until(partial(self._remount, "ro"), "no file to be open for writing")
        try:
            yield
        finally:
            assert self._remount("rw")

    def _remount(self, mode: str) -> bool:
        """Whether it could be mounted so; not read-only while a file is open for writing."""
        command = ["mount", "-o", f"remount,{mode}", str(self._directory)]
        return not subprocess.run(command, check=False, timeout=30).returncode


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=30)
