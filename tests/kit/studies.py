"""Studies of many files, made of the CT image that comes with pydicom."""

import io
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from random import randrange
from zipfile import ZIP_DEFLATED, ZipFile

import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import UID


def ct_slices(count: int, *, study_instance_uid: str | None = None) -> Iterator[tuple[str, bytes]]:
    """The slices of one series, evenly spaced, each with a name; UIDs are new in every call."""
    series = {_SERIES: _uid(), _FRAME: _uid(), **({} if study_instance_uid else {_STUDY: _uid()})}
    for number in range(1, count + 1):
        content = _slice(number, study_instance_uid or _STUDY)
        for old, new in {**series, _INSTANCE: _uid()}.items():
            content = content.replace(old.encode(), new.encode())
        yield f"IM{number:04d}", content


@lru_cache(maxsize=64)
def _slice(number: int, study_instance_uid: str) -> bytes:
    """A slice that is encoded once; UIDs of the same length take the place of others later."""
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    dataset = pydicom.dcmread(path)
    dataset.StudyInstanceUID = UID(study_instance_uid)
    dataset.SeriesInstanceUID = _SERIES
    dataset.FrameOfReferenceUID = _FRAME
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = _INSTANCE
    x, y, z = dataset.ImagePositionPatient
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [x, y, round(float(z) + 5 * number, 3)]
    dataset.SliceLocation = round(float(z) + 5 * number, 3)
    content = io.BytesIO()
    dataset.save_as(content)
    return content.getvalue()


def _uid() -> UID:
    """A UID that is made of a UUID (PS3.5 B.2); all of these have the same length."""
    return UID(f"2.25.{randrange(10**38, 2**128)}")


_STUDY, _SERIES, _FRAME, _INSTANCE = (_uid() for _ in range(4))


def without_study_instance_uid(content: bytes) -> bytes:
    """The same instance without its Study Instance UID."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    del dataset.StudyInstanceUID
    changed = io.BytesIO()
    dataset.save_as(changed)
    return changed.getvalue()


def with_other_pixels(content: bytes) -> bytes:
    """Another image under the same UIDs."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def zipped(path: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """A zip archive with these files."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path
