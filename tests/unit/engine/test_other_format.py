"""Other formats than DICOM: what clearly is one is named; all else is left to the validator."""

import gzip
import io
import zipfile
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.file_kinds import other_format

HEAD_BYTES = 2048

TEST_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
DICOM_FILES = sorted(TEST_FILES.rglob("*.dcm"))


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return content.getvalue()


def padded(magic: bytes) -> bytes:
    return magic + bytes(range(256)) * 4


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
        (b"%PDF-1.4\n1 0 obj << /Type /Catalog >>", "PDF"),
        (padded(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "PNG"),
        (padded(b"\xff\xd8\xff\xe0\0\x10JFIF\0"), "JPEG"),
        (padded(b"\xff\xd8\xff\xe1\0\x18Exif\0"), "JPEG"),
        (padded(b"\xff\xd8\xff\xdb\0\x43\0"), "JPEG"),
        (padded(b"GIF87a"), "GIF"),
        (padded(b"GIF89a"), "GIF"),
        (padded(b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"), "BMP"),
        (padded(b"II*\0\x08\0\0\0"), "TIFF"),
        (padded(b"MM\0*\0\0\0\x08"), "TIFF"),
        (padded(b"\x7fELF\x02\x01\x01\0"), "executable"),
        (padded(b"MZ\x90\0\x03\0\0\0"), "executable"),
        (padded(b"\xcf\xfa\xed\xfe\x07\0\0\x01"), "executable"),
        (padded(b"\xce\xfa\xed\xfe\x07\0\0\0"), "executable"),
        (padded(b"\xfe\xed\xfa\xcf\x01\0\0\x07"), "executable"),
        (padded(b"\xca\xfe\xba\xbe\0\0\0\x02"), "executable"),
        (zipped("[Content_Types].xml", "word/document.xml"), "ZIP"),
        (zipped("mimetype", "content.xml"), "ZIP"),
        (padded(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "office document"),
        (b"{\\rtf1\\ansi Report}", "RTF"),
        (zipped("IM000001"), "ZIP"),
        (zipped(), "ZIP"),
        (gzip.compress(b"some text"), "gzip"),
        (padded(b"7z\xbc\xaf\x27\x1c\0\x04"), "7-Zip"),
        (padded(b"Rar!\x1a\x07\x01\0"), "RAR"),
        (padded(b"Rar!\x1a\x07\0"), "RAR"),
        (padded(b"\0\0\0\x18ftypmp42"), "ISO media"),
        (padded(b"\x1aE\xdf\xa3\x93"), "Matroska"),
        (padded(b"RIFF\x24\0\0\0AVI "), "RIFF"),
        (padded(b"\0\0\0\x0cjP  \r\n\x87\n"), "JPEG 2000"),
    ],
    ids=lambda value: repr(value[:4]) if isinstance(value, bytes) else value,
)
def test_what_is_plainly_something_else_is_recognised(content: bytes, kind: str) -> None:
    recognised = other_format(content[:HEAD_BYTES])
    assert recognised
    assert kind in recognised


@pytest.mark.parametrize("path", DICOM_FILES, ids=lambda path: path.name)
def test_no_dicom_file_is_taken_for_anything_else(path: Path) -> None:
    """pydicom's test files: without preamble, without meta information, truncated, big endian."""
    assert other_format(path.read_bytes()[:HEAD_BYTES]) is None


def test_there_are_dicom_files_to_try() -> None:
    names = {path.name for path in DICOM_FILES}
    assert len(names) > 50
    assert {"CT_small.dcm", "no_meta.dcm", "ExplVR_BigEndNoMeta.dcm"} <= names


@pytest.mark.parametrize(
    "preamble", [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"%PDF-1.7\n", b"MZ\x90\0", b"\x7fELF"]
)
def test_what_has_the_dicom_prefix_in_its_place_is_left_to_the_validator(preamble: bytes) -> None:
    assert other_format(preamble.ljust(128, b"\0") + b"DICM" + bytes(500)) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"B",
        b"BM",
        b"MZ",
        b"BMI 22",
        b"MZ is a text",
        b"P1\nis the first patient",
        b"I I captain",
        b"PK parameters: none",
        b"Patient's report\r\n",
        b'{"PatientName": "DOE^JANE"}',
        "Größe: 180 cm".encode(),
        b"\xef\xbb\xbfname;age\r\n",
    ],
)
def test_text_is_left_to_the_validator(text: bytes) -> None:
    assert other_format(text) is None


@pytest.mark.parametrize(
    "content", [bytes(2048), b"\0\1\2\3" * 512, b"\xff" * 2048, b"DICM", bytes(128) + b"DIC"]
)
def test_unknown_bytes_are_left_to_the_validator(content: bytes) -> None:
    assert other_format(content) is None


@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_recognition_raise(head: bytes) -> None:
    assert other_format(head) is None or isinstance(other_format(head), str)


@given(st.text("abcdefghijklmnopqrstuvwxyz \r\n", max_size=300))
def test_a_text_in_small_letters_is_nothing_but_a_text(text: str) -> None:
    if not text.startswith("icns"):
        assert other_format(text.encode()) is None
