"""Which profiles an upload may ask for by name."""

from pathlib import Path

import pytest

from engine.profile_files.directory import profile_files, profile_names


def test_without_a_folder_there_are_those_that_come_along() -> None:
    assert profile_names(None) == ["default", "lenient", "strict"]
    assert profile_files(None) == {}


def test_the_files_of_the_folder_are_known_by_their_names(tmp_path: Path) -> None:
    for name in ("trial-42.yaml", "site_a.yml", "other.json"):
        (tmp_path / name).touch()
    assert profile_names(tmp_path) == [
        "default", "lenient", "other", "site_a", "strict", "trial-42",
    ]  # fmt: skip
    assert profile_files(tmp_path)["site_a"] == tmp_path / "site_a.yml"


def test_what_cannot_be_asked_for_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    for name in ("Trial.yaml", ".hidden.yaml", "a b.yaml", "notes.txt", "x" * 65 + ".yaml"):
        (tmp_path / name).touch()
    assert profile_files(tmp_path) == {}


def test_a_file_cannot_take_the_name_of_a_profile_that_comes_along(tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").touch()
    assert profile_files(tmp_path) == {}


def test_of_several_files_with_one_name_yaml_counts(tmp_path: Path) -> None:
    for name in ("a.json", "a.yml", "a.yaml"):
        (tmp_path / name).touch()
    assert profile_files(tmp_path) == {"a": tmp_path / "a.yaml"}


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        profile_names(tmp_path / "none")
