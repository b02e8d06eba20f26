"""Makes a zip file piece by piece, while it is being sent."""

import io
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile, ZipInfo

CHUNK = 1 << 18
"""About so many bytes are in memory at a time."""
_READABLE = 0o644 << 16
"""Where a zip file has the permissions."""


def zip_pieces(directory: Path, files: Iterable[str], changed_at: datetime) -> Iterator[bytes]:
    """A zip file of files as they are, uncompressed; zip64 where that is needed. Blocks.

    Pixel data hardly gets smaller, and one who waits for a study is served faster without.

    Args:
        directory: what the names are relative to.
        files: the names, `/` between their parts.
        changed_at: the time that the files get.

    Raises:
        FileNotFoundError: a file is gone.
    """
    made = _Made()
    with ZipFile(made, "w") as archive:
        for name in files:
            with (directory / name).open("rb") as source:
                info = ZipInfo(name, changed_at.timetuple()[:6])
                info.external_attr = _READABLE
                info.file_size = os.fstat(source.fileno()).st_size  # tells whether it needs zip64
                with archive.open(info, "w") as target:
                    while chunk := source.read(CHUNK):
                        target.write(chunk)
                        yield made.take()
    yield made.take()


class _Made(io.RawIOBase):
    """What has been made and not been sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]  # the only ones that come
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
