"""Writes docs/settings.md and each service's config.json from the settings models (`make docs`)."""

import json
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from textwrap import fill
from typing import Any

from pydantic import BaseModel

from chassis.runtime.settings import (
    ServiceSettings,
    StatusClientSettings,
    VolumeSettings,
    is_secret,
    is_shared,
)
from contracts.described import descriptions
from descriptor.settings import DescriptorSettings
from gateway.settings import GatewaySettings
from status.settings import StatusSettings
from validator.settings import ValidatorSettings

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "settings.md"
"""The committed page."""

SERVICES = (GatewaySettings, ValidatorSettings, DescriptorSettings, StatusSettings)

_SECTIONS: dict[str, type[ServiceSettings]] = {
    "Every service": ServiceSettings,
    "Gateway, validator, descriptor: the status service": StatusClientSettings,
    "Gateway, validator, descriptor: the volumes": VolumeSettings,
    "Gateway": GatewaySettings,
    "Validator": ValidatorSettings,
    "Descriptor": DescriptorSettings,
    "Status": StatusSettings,
}

_INTRODUCTION = """\
# Settings

<!-- `make docs` writes this page from the settings models, such as `gateway/settings.py`. -->

Each service has a `config.json` with all its settings and their defaults. The environment
overrides it:

- `HDV_<SERVICE>__<SETTING>` sets one setting of one service, such as `HDV_VALIDATOR__PROCESSES=8`.
  A nested setting is named with a further `__`: `HDV_GATEWAY__FEED__MAX_STREAMS=10`.
- `HDV_<SETTING>` sets a shared setting for all services, such as `HDV_LOG_LEVEL=debug`. Shared
  settings are marked below.
- A secret is not in `config.json`. It comes from the environment, such as `HDV_REDIS_PASSWORD`, or
  from a file named like that variable in lower case, `hdv_redis_password`, in the directory
  `HDV_SECRETS_DIR` (by default `/run/secrets`). Files override the environment.
- `HDV_<SERVICE>_CONFIG` names another `config.json`, such as
  `HDV_VALIDATOR_CONFIG=/etc/hdv/validator.json`.

A service does not start if a setting is unknown or impossible; one line says which.
"""
_WIDTH = 100
_UNITS = {"bytes": ((1024**3, "GiB"), (1024**2, "MiB")), "seconds": ((86_400, "d"), (3600, "h"))}


def page() -> str:
    """All settings in Markdown: name, default, meaning."""
    sections = [_INTRODUCTION]
    for title, model in _SECTIONS.items():
        entries = (entry for name in _declared(model) for entry in _entries(name, model))
        sections.append(f"## {title}\n\n" + "\n".join(entries) + "\n")
    return "\n".join(sections)


def config(model: type[BaseModel]) -> dict[str, Any]:
    """The defaults of all settings but the secrets, as JSON has them."""
    return {
        name: _json(field.get_default(call_default_factory=True))
        for name, field in model.model_fields.items()
        if not is_secret(field)
    }


def main() -> int:
    """Write the page and the files."""
    PAGE.write_text(page(), encoding="utf-8")
    for model in SERVICES:
        text = json.dumps(config(model), indent=2) + "\n"
        (ROOT / model.service / "config.json").write_text(text, encoding="utf-8")
    return 0


def _declared(model: type[ServiceSettings]) -> list[str]:
    """The settings that a section shows: not those of other sections, unless declared again."""
    bases = [base for base in _SECTIONS.values() if base in model.__mro__[1:]]
    inherited = {name for base in bases for name in base.model_fields} - set(model.__annotations__)
    return [
        name
        for name, field in model.model_fields.items()
        if name not in inherited and not field.is_required()
    ]


def _entries(name: str, model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The lines of a setting; of a group, those of each setting in it."""
    field = model.model_fields[name]
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        for inner in type(default).model_fields:
            yield from _entries(inner, type(default), f"{prefix}{name}.")
        return
    marks = "secret" if is_secret(field) else f"default {_shown(name, default)}"
    if is_shared(field):
        marks += f", shared: `HDV_{name.upper()}`"
    text = (
        f"- **`{prefix}{name}`** ({marks}): {' '.join(descriptions(model).get(name, '').split())}"
    )
    yield fill(text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _json(value: Any) -> Any:  # noqa: ANN401 -- any default
    if isinstance(value, BaseModel):
        return config(type(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    if isinstance(value, dict):
        return {name: _json(each) for name, each in value.items()}
    return str(value) if isinstance(value, Path) else value


def _shown(name: str, default: Any) -> str:  # noqa: ANN401 -- any default
    """A default for people: `8589934592` bytes are 8 GiB."""
    if default is None:
        return "none"
    for size, unit in _UNITS.get(name.rpartition("_")[2], ()):
        if default >= size and default % size == 0:
            return f"`{default}`, {default // size} {unit}"
    text = _json(default)
    return f"`{text if isinstance(text, str) else json.dumps(text)}`"


if __name__ == "__main__":
    sys.exit(main())
