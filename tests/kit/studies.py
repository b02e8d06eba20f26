"""Studies of many files, made of the CT image that comes with pydicom."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid


def ct_slices(count: int, *, study_instance_uid: str | None = None) -> Iterator[tuple[str, bytes]]:
    """The slices of one series, evenly spaced, each with a name; UIDs are new in every call."""
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    dataset = pydicom.dcmread(path)
    dataset.StudyInstanceUID = study_instance_uid or generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    dataset.FrameOfReferenceUID = generate_uid()
    x, y, z = dataset.ImagePositionPatient
    for number in range(1, count + 1):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = number
        dataset.ImagePositionPatient = [x, y, round(float(z) + 5 * number, 3)]
        dataset.SliceLocation = round(float(z) + 5 * number, 3)
        content = io.BytesIO()
        dataset.save_as(content)
        yield f"IM{number:04d}", content.getvalue()


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
