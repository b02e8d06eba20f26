"""Running a service as a process: what stops it before it begins."""

import sys
from pathlib import Path
from typing import Any

import pytest

from chassis.service.lifecycle import Service
from chassis.service.process import MISCONFIGURED, STOPPED, run
from gateway.settings import GatewaySettings


def never(_: Any) -> Service:
    raise AssertionError("the service must not be made")


def exit_code() -> Any:
    with pytest.raises(SystemExit) as raised:
        run(never, GatewaySettings)
    return raised.value.code


def test_check_reads_the_settings_and_that_is_all(
    bare_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_environment.setattr(sys, "argv", ["gateway", "--check"])
    assert exit_code() == STOPPED
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_wrong_setting_ends_the_process_with_one_line(
    bare_environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    bare_environment.setattr(sys, "argv", ["gateway", *arguments])
    bare_environment.setenv("HDV_GATEWAY__PROT", "8000")
    assert exit_code() == MISCONFIGURED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "gateway: unknown setting 'prot' in the environment (HDV_GATEWAY__PROT)\n"
    )


def test_a_broken_config_json_ends_the_process_with_one_line(
    bare_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"port": ')
    bare_environment.setattr(sys, "argv", ["gateway"])
    bare_environment.setenv("HDV_GATEWAY_CONFIG", str(config))
    assert exit_code() == MISCONFIGURED
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gateway: {config} is not valid JSON: ")
