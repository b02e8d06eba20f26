"""The clock of a machine, to be set while its processes run."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("clock.c")
_SHIFT = struct.Struct("=q")


class Clock:
    """The wall clock of the processes that are started with its environment.

    It needs a C compiler; without one the test is skipped and says so.

    Args:
        directory: for the library that is preloaded, and for the file that says what time it is.
    """

    def __init__(self, directory: Path) -> None:
        compiler = shutil.which("cc")
        if not compiler:
            pytest.skip("a C compiler is needed to shift the clock (on Debian: apt install gcc)")
        self._file, self._library = directory / "clock", directory / "clock.so"
        self._file.write_bytes(_SHIFT.pack(0))
        subprocess.run(
            [compiler, "-O", "-shared", "-fPIC", "-Wall", "-Werror", _SOURCE, "-o", self._library],
            check=True,
            timeout=60,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the processes."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_FILE": str(self._file)}

    def set(self, seconds: int) -> None:
        """Set the clock: so many seconds later than it is, or earlier."""
        with self._file.open("r+b") as file:
            file.write(_SHIFT.pack(seconds))
