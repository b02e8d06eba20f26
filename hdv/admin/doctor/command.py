"""`hdv doctor`: settings, volumes, Redis, services; what is wrong, and what to do."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from chassis.runtime.settings import ConfigurationError, load, redis_address, require_protected
from contracts.places import Place
from descriptor.settings import DescriptorSettings
from gateway.settings import GatewaySettings
from hdv.admin.doctor.bus import examine_bus
from hdv.admin.doctor.diagnosis import Diagnosis, Level, error, well
from hdv.admin.doctor.services import examine_services
from hdv.admin.doctor.volumes import examine_volumes
from hdv.exit import ExitCode
from hdv.terminal.text import number_of, print_json, print_line
from hdv.up.redis_server import url_for_client
from hdv.up.run import service_urls
from status.settings import StatusSettings
from validator.settings import ValidatorSettings


@dataclass(frozen=True)
class DoctorOptions:
    """The options of the command; `hdv doctor --help` explains them."""

    data: Path
    redis_url: str | None
    url: str | None
    services: Sequence[str]
    json: bool


def doctor(options: DoctorOptions) -> ExitCode:
    """Look at an installation; see `hdv doctor --help`."""
    found = asyncio.run(_examine(options))
    if options.json:
        print_json({"diagnoses": [diagnosis._asdict() for diagnosis in found]})
    else:
        _print(found)
    return ExitCode.FAILED if any(one.level is Level.ERROR for one in found) else ExitCode.OK


async def _examine(options: DoctorOptions) -> list[Diagnosis]:
    found = list(_examine_settings())
    # What is asked for below must be known; a wrong setting has been found before.
    redis_url = url_for_client(options.redis_url, options.data)
    try:
        settings = load(GatewaySettings, **_given(options.data, redis_url))
    except ConfigurationError:
        return found
    found += await asyncio.to_thread(lambda: list(examine_volumes(settings)))
    found += [one async for one in examine_bus(redis_address(settings), settings.studies)]
    urls = _urls(options, settings)
    asked = examine_services(urls, version("hybrid-dicom-validator"), token=settings.internal_token)
    return found + [one async for one in asked]


def _examine_settings() -> Iterator[Diagnosis]:
    """Read the settings of all services, as this environment has them."""
    is_well = True
    for model in (GatewaySettings, StatusSettings, ValidatorSettings, DescriptorSettings):
        try:
            require_protected(load(model))
        except ConfigurationError as failure:
            is_well = False
            yield error("settings", str(failure), "docs/settings.md lists them")
    if is_well:
        yield well("settings", "the services would start with those of this environment")


def _given(data: Path, redis_url: str | None) -> dict[str, object]:
    """What the data directory says, unless the environment says something else."""
    given: dict[str, object] = {"redis_url": redis_url} if redis_url else {}
    for place in Place:
        if f"HDV_{place.upper()}_DIR" not in os.environ:
            given[f"{place}_dir"] = data / place
    if "HDV_AUDIT_DIR" not in os.environ:
        given["audit_dir"] = data / "audit"
    return given


def _urls(options: DoctorOptions, settings: GatewaySettings) -> Mapping[str, str]:
    """The addresses of the services, by name."""
    urls = {} if options.url else service_urls(options.data)
    if not urls:
        gateway = options.url or f"http://127.0.0.1:{settings.port}"
        urls = {"gateway": gateway.rstrip("/"), "status": settings.status_url}
    return {**urls, **{url: url.rstrip("/") for url in options.services}}


def _print(found: Sequence[Diagnosis]) -> None:
    width = max(len(one.subject) for one in found)
    for one in found:
        print_line(f"{one.level:<8}{one.subject:<{width}}  {one.found}")
        if one.advice:
            print_line(f"{'':<8}{'':<{width}}  -> {one.advice}")
    errors = sum(one.level is Level.ERROR for one in found)
    warnings = sum(one.level is Level.WARNING for one in found)
    print_line(f"{number_of(errors, 'error')}, {number_of(warnings, 'warning')}")
