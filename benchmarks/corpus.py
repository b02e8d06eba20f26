"""Files to upload, the same in every run; no two of them have a UID in common."""

import os
import random
import shutil
from itertools import count
from pathlib import Path
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from benchmarks import samples

_SIDE, _TINY_SIDE = 512, 64
_FRAME_BYTES = 2 * _SIDE * _SIDE
BOUNDARY = str(UUID(int=0))


class Corpus:
    """Makes files in a directory, which is emptied each time; they are on disk before it returns.

    Pixels are noise of 8 bits in 16: deflated, they come to half of their size, as those of
    scanners do.

    Args:
        directory: for the files.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._studies = count(1)
        noise = bytearray(2 * _FRAME_BYTES)
        noise[::2] = random.Random(11).randbytes(_FRAME_BYTES)  # noqa: S311 -- no secret
        self._noise = bytes(noise)

    def slices(self, number: int, *, studies: int = 1, tiny: bool = False) -> list[Path]:
        """CT slices, a file each: 528 KB, or 10 KB if tiny.

        Args:
            number: of files.
            studies: that they are of, one after the other.
            tiny: whether they have 64 x 64 pixels instead of 512 x 512.
        """
        side = _TINY_SIDE if tiny else _SIDE
        suffixes = [f".{next(self._studies)}" for _ in range(studies)]
        paths = []
        self._empty()
        for index in range(number):
            path = self._directory / f"{index:05}.dcm"
            pixels = self._noise[2 * index :][: 2 * side * side]
            study = suffixes[index * studies // number]
            path.write_bytes(samples.ct(index + 1, study=study, side=side, pixels=pixels))
            paths.append(path)
        os.sync()
        return paths

    def archive(self, number: int, *, deflated: bool = False, tiny: bool = False) -> Path:
        """A zip archive of slices of one study."""
        files = self.slices(number, tiny=tiny)
        path = self._directory / "slices.zip"
        method = ZIP_DEFLATED if deflated else ZIP_STORED
        with ZipFile(path, "w", method, compresslevel=1) as archive:
            for file in files:
                archive.write(file, file.name)
        os.sync()
        return path

    def related(self, number: int) -> Path:
        """The body of a STOW-RS request with slices of one study, delimited by `BOUNDARY`."""
        path = self._directory / "related"
        files = self.slices(number)
        with path.open("wb") as body:
            for file in files:
                body.write(f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode())
                body.write(file.read_bytes())
                body.write(b"\r\n")
            body.write(f"--{BOUNDARY}--\r\n".encode())
        os.sync()
        return path

    def large(self, size_bytes: int) -> Path:
        """One secondary capture of many frames, about so large."""
        frames = size_bytes // _FRAME_BYTES
        path = self._directory / "large.dcm"
        self._empty()
        with path.open("wb") as file:
            file.write(samples.frames(frames, study=f".{next(self._studies)}"))
            for _ in range(frames):
                file.write(self._noise[:_FRAME_BYTES])
        os.sync()
        return path

    def structure_sets(self, number: int) -> list[Path]:
        """RT structure sets of 2 MB, each of a study of its own: work for the validator."""
        self._empty()
        paths = [self._directory / f"{index:05}.dcm" for index in range(number)]
        for path in paths:
            path.write_bytes(samples.structure_set(study=f".{next(self._studies)}"))
        os.sync()
        return paths

    def _empty(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
