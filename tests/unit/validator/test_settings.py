"""The validator's settings: which profile, within which limits; a mistake in it stops the start."""

from pathlib import Path

import pytest

from chassis.runtime.settings import ConfigurationError, load
from engine.profiles.profile import Limits, Profile
from validator.settings import ValidatorSettings

TRIAL = "name: trial\nlimits: {max_depth: 9, max_elements: 9000000}\n"


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "trial.yaml"
    path.write_text(TRIAL)
    monkeypatch.setenv("HDV_VALIDATOR__PROFILE", str(path))
    return path


def test_the_service_applies_the_default_profile_and_limits() -> None:
    settings = load(ValidatorSettings)
    assert settings.limits == Limits()
    assert settings.applied_profile.digest == Profile().digest


def test_a_profile_is_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HDV_VALIDATOR__PROFILE", "strict")
    assert load(ValidatorSettings).applied_profile.name == "strict"


@pytest.mark.usefixtures("trial")
def test_a_profile_in_a_file_lowers_the_limits_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HDV_VALIDATOR__LIMITS__MAX_PIXEL_BYTES", "1000")
    profile = load(ValidatorSettings).applied_profile
    assert profile.name == "trial"
    assert profile.limits == Limits(max_depth=9, max_pixel_bytes=1000)


def test_mistakes_in_a_profile_stop_the_service_with_one_line(trial: Path) -> None:
    trial.write_text("name: trial\ndecode: some\nlimit: 3\n")
    with pytest.raises(ConfigurationError) as raised:
        load(ValidatorSettings)
    assert str(raised.value) == (
        f"validator: setting 'profile': {trial}:2:9: 'decode': this should be 'none', 'first' or "
        f"'all'; {trial}:3:1: unknown key 'limit'; did you mean 'limits'?"
    )


def test_a_value_that_names_no_profile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HDV_VALIDATOR__PROFILE__DECODE", "all")
    with pytest.raises(ConfigurationError, match="the path of a file is expected"):
        load(ValidatorSettings)


def test_a_limit_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HDV_VALIDATOR__LIMITS__MAX_SIZE", "1")
    with pytest.raises(ConfigurationError, match=r"unknown setting 'limits\.max_size'"):
        load(ValidatorSettings)
