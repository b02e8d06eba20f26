"""The journal of an examination: what was found is found again, unless it cannot be relied on."""

from pathlib import Path

import pytest

from engine.examination import examine
from engine.profiles.profile import Profile
from engine.report import Report
from storage.file_store import FileStore
from storage.stored_file import FileInStore
from unit.engine import dicom_writer as dicom
from validator.journal import Found, Journal

CONDITIONS = {"profile": "abc", "engine": "1.0"}


def report(content: bytes) -> Report:
    return examine(content, Profile())


FOUND: list[Found] = [
    ("000001.dcm", report(dicom.part10(dicom.ct()))),
    ("000002.dcm", report(b"no image")),
    ("000003.dcm", report(dicom.part10(dicom.ct())[:-30])),
]


def stored(path: Path) -> FileInStore:
    """The file at a path, in a store."""
    return FileInStore(FileStore(path.parent, path.parent, path.parent), f"uploads/{path.name}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "examined.ndjson"
    journal = Journal(stored(path), CONDITIONS)
    assert journal.read() == {}
    journal.append(FOUND[:1])
    journal.append(FOUND[1:])
    return path


def test_reports_of_any_file_are_read_as_they_were_written(path: Path) -> None:
    assert Journal(stored(path), dict(reversed(CONDITIONS.items()))).read() == dict(FOUND)
    assert {found.summary is None for _, found in FOUND} == {False, True}


@pytest.mark.parametrize("changed", [{"profile": "def"}, {"engine": "1.1"}])
def test_a_journal_written_under_other_conditions_is_not_used(
    path: Path, changed: dict[str, str]
) -> None:
    journal = Journal(stored(path), CONDITIONS | changed)
    assert journal.read() == {}
    journal.append(FOUND[:1])
    assert journal.read() == dict(FOUND[:1])


@pytest.mark.parametrize(
    "spoilt", [b'["000003.dcm",{"torn', b'["000003.dcm",{}]', b"\0" * 40, b"\0" * 40 + b"\n", b"\n"]
)
def test_a_line_damaged_by_a_crash_is_ignored_and_overwritten(path: Path, spoilt: bytes) -> None:
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:3]) + spoilt)
    journal = Journal(stored(path), CONDITIONS)

    assert journal.read() == dict(FOUND[:2])

    journal.append(FOUND[2:])
    assert path.read_bytes() == b"".join(whole)


def test_lines_after_a_damaged_one_are_not_used(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"\0" * len(lines[2])
    path.write_bytes(b"".join(lines))
    assert Journal(stored(path), CONDITIONS).read() == dict(FOUND[:1])


@pytest.mark.parametrize("content", [b"", b"\n", b"{", b"\0\0"])
def test_a_journal_without_its_first_line_starts_again(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    journal = Journal(stored(path), CONDITIONS)
    assert journal.read() == {}
    journal.append(FOUND)
    assert journal.read() == dict(FOUND)


def test_a_journal_that_another_validator_has_removed_does_not_come_back(path: Path) -> None:
    journal = Journal(stored(path), CONDITIONS)
    journal.read()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        journal.append(FOUND)
    assert not path.exists()
