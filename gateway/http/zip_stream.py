"""Creates a zip file piece by piece, while it is sent."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from zipfile import ZipFile, ZipInfo

from storage.study_folder import StudyFolder

_READABLE = 0o644 << 16
"""Permissions, in the bits where a zip file has them."""


def zip_pieces(folder: StudyFolder, files: Iterable[str], changed_at: datetime) -> Iterator[bytes]:
    """A zip file of files as they are, uncompressed; zip64 where that is needed. Blocks.

    Compression hardly makes pixel data smaller, and takes time.

    Args:
        folder: of the study.
        files: the names of the files in it, with `/` between their parts.
        changed_at: the time that the files get.

    Raises:
        FileNotFoundError: a file is gone.
    """
    made = _Made()
    with ZipFile(made, "w") as archive:
        for name in files:
            file = folder.file(name)
            info = ZipInfo(name, changed_at.timetuple()[:6])
            info.external_attr = _READABLE
            info.file_size = file.stat().size_bytes  # whether it needs zip64
            with archive.open(info, "w") as target:
                for chunk in file.chunks():
                    target.write(chunk)
                    yield made.take()
    yield made.take()


class _Made(io.RawIOBase):
    """Bytes that were created and not sent yet."""

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
