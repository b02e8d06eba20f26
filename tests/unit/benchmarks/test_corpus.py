"""The files that are measured with: the same in every run, valid, of different studies."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from benchmarks.corpus import BOUNDARY, Corpus
from contracts.report import Outcome
from engine.examination import examine
from engine.profiles.profile import Profile

FRAME_BYTES = 2 * 512 * 512


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "corpus")


def studies(files: list[Path]) -> list[str]:
    reports = [examine(file.read_bytes(), Profile()) for file in files]
    assert {report.outcome for report in reports} == {Outcome.ACCEPTED}
    return [report.identity.study_instance_uid for report in reports if report.identity]


def test_two_runs_have_the_same_files(tmp_path: Path) -> None:
    one, other = (Corpus(tmp_path / name).slices(3, studies=2, tiny=True) for name in "ab")
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in other]


def test_slices_are_valid_and_of_as_many_studies_as_asked_for(corpus: Corpus) -> None:
    of_two = studies(corpus.slices(4, studies=2, tiny=True))
    assert of_two[0] == of_two[1] != of_two[2] == of_two[3]
    of_one = studies(corpus.slices(2))
    assert of_one[0] == of_one[1]
    assert of_one[0] not in of_two


def test_a_large_file_is_valid(corpus: Corpus) -> None:
    file = corpus.large(3 * FRAME_BYTES)
    assert 3 * FRAME_BYTES < file.stat().st_size < 3 * FRAME_BYTES + 10_000
    assert len(studies([file])) == 1


def test_structure_sets_are_valid_and_each_of_a_study_of_its_own(corpus: Corpus) -> None:
    assert len(set(studies(corpus.structure_sets(2)))) == 2


@pytest.mark.parametrize(("deflated", "method"), [(False, ZIP_STORED), (True, ZIP_DEFLATED)])
def test_an_archive_has_the_slices(corpus: Corpus, deflated: bool, method: int) -> None:
    with ZipFile(corpus.archive(2, deflated=deflated)) as archive:
        members = archive.infolist()
        assert [member.compress_type for member in members] == [method] * 2
        assert all(member.file_size > FRAME_BYTES for member in members)


def test_the_pixels_deflate_to_about_half(corpus: Corpus) -> None:
    stored = corpus.archive(2).stat().st_size
    assert 0.4 < corpus.archive(2, deflated=True).stat().st_size / stored < 0.75


def test_a_body_of_stow_rs_has_a_part_for_each_slice(corpus: Corpus) -> None:
    body = corpus.related(3).read_bytes()
    *parts, end = body.split(f"--{BOUNDARY}".encode())[1:]
    assert len(parts) == 3
    assert end == b"--\r\n"
