"""Settings: which source takes precedence, and what stops a service with one clear line."""

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from pydantic import SecretStr

from chassis.runtime.settings import (
    ConfigurationError,
    Port,
    ServiceSettings,
    Shared,
    StatusClientSettings,
    VolumeSettings,
    is_secret,
    is_shared,
    load,
)
from descriptor.settings import DescriptorSettings
from gateway.settings import GatewaySettings
from status.settings import StatusSettings
from validator.settings import ValidatorSettings

ALL = (GatewaySettings, ValidatorSettings, DescriptorSettings, StatusSettings)
SECRETS = {name for kind in ALL for name, field in kind.model_fields.items() if is_secret(field)}
PASSWORD = "hunter2-and-a-half"

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")


class ExampleSettings(VolumeSettings, StatusClientSettings):
    """Settings of a service that exists in these tests only."""

    service: ClassVar[str] = "example"
    port: Port = 1
    patient_hash_key: Annotated[SecretStr | None, Shared()] = None


CONFIG: dict[str, Any] = {
    "host": "from-file",
    "port": 1,
    "log_level": "info",
    "redis_url": "redis://from-file:6379/0",
    "delivery": {
        "claim_idle_seconds": 30,
        "max_deliveries": 5,
        "graceful_timeout_seconds": 15,
    },
    "uploads_dir": "data/uploads",
    "quarantine_dir": "data/quarantine",
    "archive_dir": "data/archive",
    "status_url": "http://from-file:8001",
    "status_timeout_seconds": 2,
}


class Sources:
    """Everywhere a setting may come from."""

    def __init__(self, directory: Path, environment: pytest.MonkeyPatch) -> None:
        self.config = directory / "config.json"
        self.secrets = directory / "secrets"
        self.secrets.mkdir()
        self.environment = environment
        environment.setenv("HDV_EXAMPLE_CONFIG", str(self.config))
        environment.setenv("HDV_SECRETS_DIR", str(self.secrets))
        self.write(CONFIG)

    def write(self, config: Any) -> None:
        self.config.write_text(json.dumps(config))

    def refusal(self) -> str:
        """The line that stops the service."""
        with pytest.raises(ConfigurationError) as raised:
            load(ExampleSettings)
        line = str(raised.value)
        assert line.splitlines() == [line]
        assert line.startswith("example: ")
        assert PASSWORD not in line
        return line


@pytest.fixture
def sources(tmp_path: Path, bare_environment: pytest.MonkeyPatch) -> Sources:
    return Sources(tmp_path, bare_environment)


@pytest.mark.usefixtures("sources")
def test_config_json_alone_is_enough() -> None:
    settings = load(ExampleSettings)
    assert settings.host == "from-file"
    assert settings.delivery.max_deliveries == 5
    assert settings.redis_password is None
    path = settings.studies.uploaded(STUDY).marker
    assert path.store.path(path.key) == Path(f"data/uploads/{STUDY}/intake.json").absolute()


def test_each_source_takes_precedence_over_the_one_before(sources: Sources) -> None:
    assert load(ExampleSettings).host == "from-file"
    sources.environment.setenv("HDV_HOST", "shared")
    assert load(ExampleSettings).host == "shared"
    sources.environment.setenv("HDV_EXAMPLE__HOST", "own")
    assert load(ExampleSettings).host == "own"
    (sources.secrets / "hdv_host").write_text("secret-file\n")
    assert load(ExampleSettings).host == "secret-file"
    assert load(ExampleSettings, host="override").host == "override"


def test_a_part_of_a_nested_setting_can_be_overridden_alone(sources: Sources) -> None:
    sources.environment.setenv("HDV_EXAMPLE__DELIVERY__MAX_DELIVERIES", "2")
    delivery = load(ExampleSettings).delivery
    assert (delivery.max_deliveries, delivery.claim_idle_seconds) == (2, 30)


def test_the_environment_of_another_service_is_ignored(sources: Sources) -> None:
    sources.environment.setenv("HDV_GATEWAY__PORT", "9")
    sources.environment.setenv("HDV_GATEWAY__PROT", "9")
    assert load(ExampleSettings).port == 1


def test_only_what_services_share_can_be_set_for_all_at_once(sources: Sources) -> None:
    sources.environment.setenv("HDV_PORT", "9")
    assert load(ExampleSettings).port == 1


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_comes_from_a_file_without_its_line_end(sources: Sources, name: str) -> None:
    (sources.secrets / f"hdv_{name}").write_text(f"{PASSWORD}\n")
    assert getattr(load(ExampleSettings), name).get_secret_value() == PASSWORD


@pytest.mark.parametrize("name", sorted(SECRETS))
@pytest.mark.parametrize("prefix", ["HDV_", "HDV_EXAMPLE__"])
def test_a_secret_comes_from_the_environment_and_is_not_shown(
    sources: Sources, prefix: str, name: str
) -> None:
    sources.environment.setenv(f"{prefix}{name.upper()}", PASSWORD)
    settings = load(ExampleSettings)
    assert getattr(settings, name).get_secret_value() == PASSWORD
    assert PASSWORD not in repr(settings)


def test_without_a_directory_of_secrets_there_are_none(sources: Sources) -> None:
    sources.environment.setenv("HDV_SECRETS_DIR", str(sources.secrets / "none"))
    assert load(ExampleSettings).redis_password is None


@pytest.mark.usefixtures("sources")
def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(ExampleSettings).host = "elsewhere"


def test_an_unknown_key_in_config_json_stops_the_service(sources: Sources) -> None:
    sources.write({**CONFIG, "prot": 8000})
    assert sources.refusal() == "example: unknown setting 'prot'"


def test_an_unknown_key_further_down_stops_the_service(sources: Sources) -> None:
    sources.write({**CONFIG, "delivery": {**CONFIG["delivery"], "max_delivery": 1}})
    assert sources.refusal() == "example: unknown setting 'delivery.max_delivery'"


@pytest.mark.parametrize("name", ["HDV_EXAMPLE__PROT", "hdv_example__prot"])
def test_a_misspelt_variable_stops_the_service(sources: Sources, name: str) -> None:
    sources.environment.setenv(name, PASSWORD)
    assert sources.refusal() == f"example: unknown setting 'prot' in the environment ({name})"


def test_a_misspelt_part_of_a_nested_variable_stops_the_service(sources: Sources) -> None:
    sources.environment.setenv("HDV_EXAMPLE__DELIVERY__MAX", PASSWORD)
    assert sources.refusal() == "example: unknown setting 'delivery.max'"


def test_a_setting_that_config_json_leaves_out_has_its_default(sources: Sources) -> None:
    sources.write({"port": 8000, "delivery": {"max_deliveries": 9}})
    settings = load(ExampleSettings)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.delivery.max_deliveries, settings.delivery.claim_idle_seconds) == (9, 30)


def test_exception_texts_stay_out_of_logs_that_are_shipped(sources: Sources) -> None:
    sources.environment.setenv("HDV_LOG_EXCEPTION_TEXTS", "true")
    assert "log_exception_texts needs log_format 'console'" in sources.refusal()
    sources.environment.setenv("HDV_LOG_FORMAT", "console")
    assert load(ExampleSettings).log_exception_texts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "http"),
        ("port", "65536"),
        ("log_level", "loud"),
        ("redis_url", f"http://:{PASSWORD}@redis"),
        ("status_url", f"http://{PASSWORD}/with/a/path"),
        ("status_timeout_seconds", "0"),
        ("delivery__max_deliveries", "0"),
        ("delivery__claim_idle_seconds", "nan"),
        ("profiles_dir", f"/nowhere/{PASSWORD}"),
    ],
)
def test_an_impossible_value_stops_the_service_and_is_named_but_not_shown(
    sources: Sources, name: str, value: str
) -> None:
    sources.environment.setenv(f"HDV_EXAMPLE__{name.upper()}", value)
    assert f"setting '{name.replace('__', '.')}': " in sources.refusal()


def test_a_nested_setting_that_is_no_json_stops_the_service(sources: Sources) -> None:
    sources.environment.setenv("HDV_EXAMPLE__DELIVERY", PASSWORD)
    assert "delivery" in sources.refusal()


def test_several_mistakes_are_reported_in_one_line(sources: Sources) -> None:
    sources.write({**CONFIG, "port": -1, "prot": 8000})
    line = sources.refusal()
    assert "'port'" in line
    assert "'prot'" in line


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'{"host": "a", "redis_password": "%s"' % PASSWORD.encode(), "is not valid JSON"),
        (b"\xff\xfe\xfa", "is not valid JSON"),
        (b"", "is not valid JSON"),
        (b"[1]", "must hold a JSON object"),
    ],
)
def test_a_broken_config_json_stops_the_service(
    sources: Sources, content: bytes, complaint: str
) -> None:
    sources.config.write_bytes(content)
    line = sources.refusal()
    assert complaint in line
    assert str(sources.config) in line


def test_a_config_json_that_is_not_there_stops_the_service(sources: Sources) -> None:
    sources.config.unlink()
    assert sources.refusal() == f"example: cannot read {sources.config}: No such file or directory"


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_in_config_json_stops_the_service(sources: Sources, name: str) -> None:
    sources.write({**CONFIG, name: PASSWORD})
    assert f"secret '{name}' does not belong in config.json" in sources.refusal()


@pytest.mark.usefixtures("bare_environment")
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.service)
def test_every_service_starts_with_its_packaged_settings(kind: type[ServiceSettings]) -> None:
    settings = load(kind)
    assert settings.service == kind.__module__.partition(".")[0]
    assert settings.host == "127.0.0.1"


@pytest.mark.usefixtures("bare_environment")
def test_no_two_services_listen_on_the_same_port() -> None:
    assert len({load(kind).port for kind in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.service)
def test_every_secret_is_shared_and_no_port_is(
    kind: type[ServiceSettings],
) -> None:
    shared = {name for name, field in kind.model_fields.items() if is_shared(field)}
    assert shared >= SECRETS & kind.model_fields.keys()
    assert not shared & {"port", "delivery", "concurrency"}
