"""What admits everyone is reachable from this machine only."""

import sys
from pathlib import Path
from typing import Any

import pytest

from chassis.access.caller import Scope
from chassis.runtime.settings import ConfigurationError, is_loopback, load, require_protected
from chassis.service.lifecycle import Service
from chassis.service.process import MISCONFIGURED, run
from gateway.settings import GatewaySettings
from kit.keys import make_key
from status.settings import StatusSettings


@pytest.fixture
def gateway(bare_environment: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    bare_environment.setenv("HDV_KEYS_FILE", str(tmp_path / "keys.json"))
    return bare_environment


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_addresses(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.7", "hdv", "localhost.example"])
def test_other_addresses(host: str) -> None:
    assert not is_loopback(host)


def test_the_defaults_need_nothing(gateway: pytest.MonkeyPatch) -> None:
    del gateway
    require_protected(load(GatewaySettings))
    require_protected(load(StatusSettings))


@pytest.mark.parametrize(
    ("setting", "value", "where"),
    [
        ("HDV_HOST", "0.0.0.0", "0.0.0.0:8000"),
        ("HDV_GATEWAY__HOST", "::", ":::8000"),
        ("HDV_GATEWAY__PUBLIC_URL", "https://pacs.example/hdv", "pacs.example"),
        ("HDV_GATEWAY__ALLOWED_HOSTS", '["pacs.example"]', "pacs.example"),
        ("HDV_GATEWAY__ALLOWED_HOSTS", '["*"]', "*"),
    ],
)
def test_an_open_gateway_does_not_start_where_others_reach_it(
    gateway: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: str,
    value: str,
    where: str,
) -> None:
    gateway.setenv(setting, value)
    gateway.setattr(sys, "argv", ["gateway"])

    def never(_: Any) -> Service:
        raise AssertionError("the service must not be made")

    with pytest.raises(SystemExit) as raised:
        run(never, GatewaySettings)
    assert raised.value.code == MISCONFIGURED
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gateway: would be open to everyone who reaches {where}: make an API")
    assert "'always'" in line


@pytest.mark.parametrize("mode", ["always", "never"])
def test_a_setting_says_that_it_may(gateway: pytest.MonkeyPatch, mode: str) -> None:
    gateway.setenv("HDV_HOST", "0.0.0.0")
    gateway.setenv("HDV_GATEWAY__ALLOW_UNAUTHENTICATED", mode)
    require_protected(load(GatewaySettings))


@pytest.mark.parametrize("is_revoked", [False, True])
def test_with_a_key_it_may_even_if_that_is_not_valid_any_more(
    gateway: pytest.MonkeyPatch, tmp_path: Path, is_revoked: bool
) -> None:
    make_key(tmp_path / "keys.json", Scope.READ, is_revoked=is_revoked)
    gateway.setenv("HDV_HOST", "0.0.0.0")
    require_protected(load(GatewaySettings))


def test_a_broken_file_of_keys_is_one_line(gateway: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    gateway.setenv("HDV_HOST", "0.0.0.0")
    with pytest.raises(ConfigurationError, match=r"^gateway: .* is not a file of API keys"):
        require_protected(load(GatewaySettings))


def test_another_service_needs_the_token(bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("HDV_HOST", "0.0.0.0")
    with pytest.raises(ConfigurationError, match=r"^status: .* set HDV_INTERNAL_TOKEN"):
        require_protected(load(StatusSettings))
    bare_environment.setenv("HDV_INTERNAL_TOKEN", "secret")
    require_protected(load(StatusSettings))
