"""`hdv up`: runs Redis and all services on this machine until a signal stops them."""

import json
import os
import secrets
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from chassis.runtime.permissions import restrict
from chassis.runtime.settings import ConfigurationError, load, redis_address, require_protected
from descriptor.settings import DescriptorSettings
from gateway.settings import GatewaySettings
from hdv.exit import CommandError, ExitCode, say
from hdv.up import redis_server
from hdv.up.preflight import (
    LOOPBACK,
    free_port,
    lock_directory,
    make_directories,
    require_free_port,
)
from hdv.up.readiness import NotReadyError, Start, missing
from hdv.up.stop_signals import StopSignals
from hdv.up.supervision import Supervision
from hdv.up.supervisor_config import Process
from status.settings import StatusSettings
from validator.settings import ValidatorSettings

WATCH_PERIOD_SECONDS = 5.0
"""How often it looks whether all processes still run."""
REDIS_PORT = 6379

_ADDRESSES = "run/services.json"
"""In the data directory, the addresses of the services while they run."""


@dataclass(frozen=True)
class UpOptions:
    """The options of the command; `hdv up --help` explains them."""

    data: Path
    host: str
    port: int
    gateways: int
    validators: int
    redis_port: int | None
    start_seconds: float

    @property
    def ports(self) -> dict[str, int]:
        """The port of each service process, by its name; all gateways share one."""
        workers = [f"validator-{number}" for number in range(1, self.validators + 1)]
        names = ["gateway", "status", "descriptor", *workers]
        further = [f"gateway-{number}" for number in range(2, self.gateways + 1)]
        ports = {name: self.port + offset for offset, name in enumerate(names)}
        return ports | dict.fromkeys(further, self.port)

    def url(self, name: str) -> str:
        """The address of a service process for clients on this machine."""
        host = self.host if name.startswith("gateway") else LOOPBACK
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 -- compared only
        return f"http://{f'[{host}]' if ':' in host else host}:{self.ports[name]}"


def up(options: UpOptions) -> None:
    """Run everything until a signal; progress is shown on stderr.

    Raises:
        CommandError: something is missing or in use, so that nothing was started (`USAGE`); or a
            process does not run, and everything was stopped again (`FAILED`).
    """
    if not find_spec("supervisor"):
        raise CommandError("supervisor is missing: pip install 'hybrid-dicom-validator[local]'")
    restrict()
    with lock_directory(options.data) as lock, StopSignals() as stop:
        _require_ports(options)
        own_redis = "HDV_REDIS_URL" not in os.environ
        # From here on we read the same settings as the services.
        os.environ |= environment(options, os.environ)
        settings = _settings()
        run = options.data / "run"
        make_directories(run, settings.uploads_dir, settings.quarantine_dir, settings.archive_dir)
        base = []
        redis_directory = options.data / "redis"
        if own_redis:
            base = [_redis(redis_directory, settings)]
        else:
            redis_server.check(redis_address(settings))
        services = list(_services(options))
        urls = {name: options.url(name) for name in options.ports}
        (options.data / _ADDRESSES).write_text(json.dumps(urls), encoding="utf-8")
        try:
            with Supervision(run, base=base, services=services, lock=lock) as supervision:
                _run(options, settings, supervision, stop)
        finally:
            redis_server.forget(redis_directory)
            (options.data / _ADDRESSES).unlink(missing_ok=True)


def service_urls(data: Path) -> dict[str, str]:
    """The addresses of the services of an `hdv up`, by name; none if it does not run.

    Args:
        data: its data directory.
    """
    try:
        urls: dict[str, str] = json.loads((data / _ADDRESSES).read_bytes())
    except FileNotFoundError:
        return {}
    return urls


def environment(options: UpOptions, given: Mapping[str, str]) -> dict[str, str]:
    """The settings that all services share, as environment variables.

    Args:
        options: of the command.
        given: the environment, whose directories, Redis and token are kept.
    """
    defaults = {
        "HDV_UPLOADS_DIR": str(options.data / "uploads"),
        "HDV_QUARANTINE_DIR": str(options.data / "quarantine"),
        "HDV_ARCHIVE_DIR": str(options.data / "archive"),
        "HDV_KEYS_FILE": str(options.data / "keys.json"),
        "HDV_AUDIT_DIR": str(options.data / "audit"),
        "HDV_INTERNAL_TOKEN": secrets.token_urlsafe(32),
        "HDV_REDIS_URL": f"redis://{LOOPBACK}:{options.redis_port or free_port(REDIS_PORT)}/0",
    }
    if "HDV_REDIS_URL" not in given:
        defaults["HDV_REDIS_PASSWORD"] = secrets.token_urlsafe(32)
    return {name: given.get(name, value) for name, value in defaults.items()} | {
        "HDV_HOST": LOOPBACK,
        "HDV_GATEWAY__HOST": options.host,
        "HDV_GATEWAY__PORT": str(options.ports["gateway"]),
        "HDV_GATEWAY__SHARE_PORT": str(options.gateways > 1),
        "HDV_STATUS__PORT": str(options.ports["status"]),
        "HDV_DESCRIPTOR__PORT": str(options.ports["descriptor"]),
        "HDV_STATUS_URL": options.url("status"),
    }


def _require_ports(options: UpOptions) -> None:
    for name, port in options.ports.items():
        if name.startswith("gateway"):
            require_free_port(options.host, port, name, option="--port or --host")
        else:
            require_free_port(LOOPBACK, port, name, option="--port")
    if options.redis_port:
        require_free_port(LOOPBACK, options.redis_port, "Redis", option="--redis-port")


def _settings() -> GatewaySettings:
    try:
        for other in (StatusSettings, ValidatorSettings, DescriptorSettings):
            load(other)
        settings = load(GatewaySettings)
        require_protected(settings)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    return settings


def _redis(directory: Path, settings: GatewaySettings) -> Process:
    make_directories(directory)
    if not settings.redis_password:
        raise CommandError("the password of Redis is empty: unset HDV_REDIS_PASSWORD")
    command = redis_server.prepare(
        redis_server.find_binary(),
        directory,
        port=urlsplit(settings.redis_url).port or REDIS_PORT,
        password=settings.redis_password.get_secret_value(),
    )
    return Process("redis", command, directory=directory)


def _services(options: UpOptions) -> Iterable[Process]:
    for name, port in options.ports.items():
        service = name.partition("-")[0]
        command = [sys.executable, "-P", "-m", service]
        yield Process(name, command, environment={f"HDV_{service.upper()}__PORT": str(port)})


def _run(
    options: UpOptions,
    settings: GatewaySettings,
    supervision: Supervision,
    stop: StopSignals,
) -> None:
    say("Starting …")
    urls = {name: options.url(name) for name in options.ports}
    start = Start(urls, options.start_seconds, missing=missing)
    while not stop.wait(WATCH_PERIOD_SECONDS if start.is_over() else 0.2):
        if failure := supervision.failure():
            raise _failed(
                f"{failure}; see the log above, or {options.data / 'redis' / 'redis.log'} for Redis"
            )
        if not start.is_over():
            try:
                if waits_for := start.look():
                    say(waits_for)
            except NotReadyError as error:
                raise _failed(str(error)) from None
            if start.is_over():
                for line in _announcement(options, settings).splitlines():
                    say(line)
    say("Stopping …")


def _failed(reason: str) -> CommandError:
    return CommandError(reason, code=ExitCode.FAILED)


def _announcement(options: UpOptions, settings: GatewaySettings) -> str:
    gateway = options.url("gateway")
    redis = urlsplit(settings.redis_url)
    with_password = redis_server.url_file(options.data)
    password = f" (with its password: {with_password})" if with_password.exists() else ""
    key = '-H "Authorization: Bearer $HDV_API_KEY" ' if _requires_key(settings) else ""
    return f"""
Hybrid DICOM Validator {version("hybrid-dicom-validator")} is ready.

  upload      {gateway}/upload
  API         {gateway}/docs
  events      {gateway}/asyncapi
  status      {options.url("status")} (internal)
  Redis       {redis._replace(netloc=redis.netloc.rpartition("@")[2]).geturl()}{password}
  uploads     {settings.uploads_dir.absolute()}
  quarantine  {settings.quarantine_dir.absolute()}
  archive     {settings.archive_dir.absolute()}

Try it:

  curl {key}-F {shlex.quote(f"file=@{_sample()}")} {gateway}/upload

Ctrl-C stops everything.
"""


def _requires_key(settings: GatewaySettings) -> bool:
    return settings.allow_unauthenticated != "always" and settings.remedy_if_open() is None


def _sample() -> Path:
    """A small CT image in pydicom's wheel."""
    return Path(str(files("pydicom"))) / "data" / "test_files" / "CT_small.dcm"
