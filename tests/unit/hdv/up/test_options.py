"""The options of `hdv up`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hdv.cli import app
from hdv.exit import CommandError, ExitCode
from hdv.up.run import UpOptions, environment


def options(host: str = "127.0.0.1", *, gateways: int = 1, validators: int = 1) -> UpOptions:
    return UpOptions(
        data=Path("/data"),
        host=host,
        port=9000,
        gateways=gateways,
        validators=validators,
        redis_port=6400,
        start_seconds=600,
    )


def test_the_services_take_the_ports_after_the_gateways() -> None:
    assert options(validators=2).ports == {
        "gateway": 9000,
        "status": 9001,
        "descriptor": 9002,
        "validator-1": 9003,
        "validator-2": 9004,
    }


def test_all_gateways_share_one_port() -> None:
    several = options("192.0.2.7", gateways=2)
    assert several.ports["gateway-2"] == several.ports["gateway"] == 9000
    assert several.url("gateway-2") == "http://192.0.2.7:9000"
    assert environment(several, {})["HDV_GATEWAY__SHARE_PORT"] == "True"
    assert environment(options(), {})["HDV_GATEWAY__SHARE_PORT"] == "False"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9000"),
        ("0.0.0.0", "http://127.0.0.1:9000"),
        ("::", "http://[::1]:9000"),
        ("192.0.2.7", "http://192.0.2.7:9000"),
    ],
)
def test_the_address_of_the_gateway_can_be_reached_from_this_machine(host: str, url: str) -> None:
    assert options(host).url("gateway") == url


def test_only_the_gateway_listens_beyond_this_machine() -> None:
    variables = environment(options("0.0.0.0"), {})
    assert variables["HDV_GATEWAY__HOST"] == "0.0.0.0"
    assert variables["HDV_HOST"] == "127.0.0.1"


def test_everything_is_kept_below_the_data_directory_unless_the_environment_says_otherwise() -> (
    None
):
    variables = environment(options(), {"HDV_ARCHIVE_DIR": "/archive"})
    assert variables["HDV_UPLOADS_DIR"] == "/data/uploads"
    assert variables["HDV_QUARANTINE_DIR"] == "/data/quarantine"
    assert variables["HDV_ARCHIVE_DIR"] == "/archive"


def test_the_services_share_a_token_that_is_new_each_time_unless_given() -> None:
    first, second = (environment(options(), {})["HDV_INTERNAL_TOKEN"] for _ in range(2))
    assert len(first) >= 32
    assert first != second
    given = environment(options(), {"HDV_INTERNAL_TOKEN": first})
    assert given["HDV_INTERNAL_TOKEN"] == first


def test_a_redis_in_the_environment_is_left_as_it_is() -> None:
    variables = environment(options(), {"HDV_REDIS_URL": "redis://cache:6379/1"})
    assert variables["HDV_REDIS_URL"] == "redis://cache:6379/1"
    assert "HDV_REDIS_PASSWORD" not in variables


def test_our_own_redis_has_a_new_random_password_unless_one_is_given() -> None:
    first, second = (environment(options(), {}) for _ in range(2))
    assert first["HDV_REDIS_URL"] == "redis://127.0.0.1:6400/0"
    assert len(first["HDV_REDIS_PASSWORD"]) >= 32
    assert first["HDV_REDIS_PASSWORD"] != second["HDV_REDIS_PASSWORD"]
    given = environment(options(), {"HDV_REDIS_PASSWORD": "mine"})
    assert given["HDV_REDIS_PASSWORD"] == "mine"


@pytest.mark.parametrize(
    "arguments", [["--validators", "0"], ["--gateways", "0"], ["--port", "70000"], ["--prot", "1"]]
)
def test_an_impossible_option_is_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["up", *arguments])
    assert result.exit_code == 2
    assert arguments[0] in result.stderr


@pytest.mark.parametrize("code", [ExitCode.USAGE, ExitCode.FAILED])
def test_an_error_is_one_line_on_stderr(code: ExitCode, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: UpOptions) -> None:
        raise CommandError("no", code=code)

    monkeypatch.setattr("hdv.up.run.up", refuse)
    result = CliRunner().invoke(app, ["up"])
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", "hdv up: no\n")
