"""Maps a file into memory, so that its size does not count."""

from mmap import ACCESS_READ, mmap
from pathlib import Path

from engine.encoding.elements import Buffer


def map_file(path: Path) -> Buffer:
    """The bytes of a file, read from the disk as they are looked at.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            return mmap(file.fileno(), 0, access=ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            return b""
