"""The profiles that uploads ask for by name."""

import os
from pathlib import Path

import pytest
import structlog

from chassis.messaging.errors import PermanentError
from engine.profiles.profile import Limits, Profile
from validator.profiles import ProfileLookup

USUAL = Profile(name="usual")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trial.yaml").write_text("name: trial\nversion: '1'\n")
    return tmp_path


@pytest.fixture
def lookup(folder: Path) -> ProfileLookup:
    return ProfileLookup(USUAL, folder, Limits(max_depth=7))


def test_an_upload_that_asks_for_no_profile_gets_the_usual_one(lookup: ProfileLookup) -> None:
    assert lookup(None) is USUAL


@pytest.mark.parametrize("name", ["default", "strict", "lenient", "trial"])
def test_every_profile_is_applied_within_the_limits_of_the_service(
    lookup: ProfileLookup, name: str
) -> None:
    profile = lookup(name)
    assert profile.name == name
    assert profile.limits.max_depth == 7


def test_a_changed_or_added_file_applies_to_the_next_upload(
    lookup: ProfileLookup, folder: Path
) -> None:
    assert lookup("trial").version == "1"
    (folder / "trial.yaml").write_text("name: trial\nversion: '2'\n")
    os.utime(folder / "trial.yaml", (1, 1))
    (folder / "another.yaml").write_text("name: another\n")
    assert lookup("trial").version == "2"
    assert lookup("another").name == "another"


@pytest.mark.parametrize("name", ["unheard-of", "../trial", "/etc/passwd", ""])
def test_an_unknown_profile_is_a_permanent_error(lookup: ProfileLookup, name: str) -> None:
    with pytest.raises(PermanentError) as raised:
        lookup(name)
    assert raised.value.code == "profile.unknown"


def test_an_invalid_profile_is_a_permanent_error_and_the_log_says_where_the_mistake_is(
    lookup: ProfileLookup, folder: Path
) -> None:
    (folder / "broken.yaml").write_text("name: broken\nseverities: 7\n")
    with structlog.testing.capture_logs() as logs, pytest.raises(PermanentError) as raised:
        lookup("broken")
    assert raised.value.code == "profile.invalid"
    [line] = logs
    assert (line["event"], line["log_level"]) == ("profile.invalid", "error")
    assert line["mistake"].startswith(f"{folder / 'broken.yaml'}:2:")


def test_at_the_start_every_mistake_in_the_folder_is_one_line(
    lookup: ProfileLookup, folder: Path
) -> None:
    assert list(lookup.mistakes()) == []
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text("severities: 7\n")
    mistakes = list(lookup.mistakes())
    assert sorted(Path(line.partition(":")[0]).name for line in mistakes) == [
        "one.yaml",
        "two.yaml",
    ]
