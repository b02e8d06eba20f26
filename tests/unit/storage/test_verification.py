"""What is found when stored studies are verified."""

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.places import Place
from contracts.report import Outcome
from storage.layout import METADATA, REPORT
from storage.verification import FINDINGS, Verified, verify_study, verify_surroundings
from unit.gateway.studies_on_disk import OTHER, STUDY, Disk, Sent

ONE = Sent(b"one", uid="1.2.1")
TWO = Sent(b"two", uid="1.2.2")
INVALID = Sent(b"short", uid="1.2.3", outcome=Outcome.REJECTED)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def verified(disk: Disk) -> Verified:
    studies = disk.volumes.studies
    folder = studies.archived(STUDY)
    found = verify_study(folder if folder.names() else studies.quarantined(STUDY))
    assert found
    return found


def codes(found: Verified) -> list[tuple[str, str]]:
    assert {finding.code for finding in found.findings} <= FINDINGS.keys()
    return [(finding.code, finding.file) for finding in found.findings]


@pytest.mark.parametrize("sent", [(ONE,), (ONE, TWO), (ONE, TWO, INVALID)])
def test_nothing_is_found_in_a_study_as_it_was_archived(disk: Disk, sent: tuple[Sent, ...]) -> None:
    disk.archive(*sent)
    found = verified(disk)
    assert not found.findings
    valid = [file for file in sent if file is not INVALID]
    assert (found.files, found.size_bytes) == (len(valid), 3 * len(valid))
    assert found.instances == tuple((file.uid, "1.2.3", file.sha256) for file in valid)


def test_nothing_is_found_in_a_study_as_it_was_quarantined(disk: Disk) -> None:
    disk.quarantine(INVALID)
    found = verified(disk)
    assert (found.findings, found.files) == ((), 1)


def change(path: Path) -> None:
    path.write_bytes(b"xxx")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1])


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (change, ("file.corrupted", "original/1.2.1.dcm")),
        (cut, ("file.corrupted", "original/1.2.1.dcm")),
        (Path.unlink, ("file.missing", "original/1.2.1.dcm")),
        (lambda path: path.with_name("x.dcm").touch(), ("file.unknown", "original/x.dcm")),
    ],
)
def test_every_change_of_an_archived_file_is_found(
    disk: Disk, spoil: Callable[[Path], object], expected: tuple[str, str]
) -> None:
    directory = disk.archive(ONE, TWO)
    spoil(directory / "original" / "1.2.1.dcm")
    assert codes(verified(disk)) == [expected]


def test_a_changed_file_in_quarantine_is_found(disk: Disk) -> None:
    change(disk.quarantine(INVALID) / "000001.dcm")
    assert codes(verified(disk)) == [("file.corrupted", "000001.dcm")]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (Path.unlink, "study.incomplete"),
        (lambda marker: marker.write_text("{"), "study.unreadable"),
        (
            lambda marker: marker.write_text(marker.read_text().replace(str(STUDY), str(OTHER))),
            "study.inconsistent",
        ),
    ],
)
@pytest.mark.parametrize("place", ["archive", "quarantine"])
def test_a_spoiled_document_is_found(
    disk: Disk, place: str, spoil: Callable[[Path], object], code: str
) -> None:
    if place == "archive":
        spoil(disk.archive(ONE) / METADATA)
    else:
        spoil(disk.quarantine(INVALID) / REPORT)
    assert [finding.code for finding in verified(disk).findings] == [code]


def test_a_file_that_is_not_where_the_layout_says_is_found(disk: Disk) -> None:
    directory = disk.archive(ONE)
    (directory / "original.dcm").rename(directory / "renamed.dcm")
    text = (directory / METADATA).read_text().replace("original.dcm", "renamed.dcm")
    (directory / METADATA).write_text(text)
    assert codes(verified(disk)) == [("study.inconsistent", METADATA)]


def test_a_study_that_was_deleted_meanwhile_is_no_finding(disk: Disk) -> None:
    assert verify_study(disk.volumes.studies.archived(STUDY)) is None


def test_what_belongs_to_no_study_is_found(disk: Disk) -> None:
    disk.archive(ONE)
    disk.preview(b"png")
    disk.preview(b"png", OTHER)
    (disk.volumes.archive / "notes").mkdir()
    left = disk.volumes.archive / ".incoming" / "x"
    left.mkdir(parents=True)
    (left / "old").touch()
    studies = disk.volumes.studies
    with studies.draft(Place.ARCHIVE, STUDY) as draft, draft.create("being-written"):
        found = [(finding.code, finding.file) for finding in verify_surroundings(studies)]
    assert found == [
        ("layout.unknown", "notes"),
        ("incoming.leftover", ".incoming/x/old"),
        ("preview.orphan", f".previews/{OTHER}.png"),
    ]
