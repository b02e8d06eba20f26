"""The committed AsyncAPI document, and how it is read."""

from pathlib import Path
from typing import Any

import yaml

DOCUMENT = Path(__file__).parent / "asyncapi.yaml"
"""The document as YAML; as package data it is beside this module in a wheel too."""

RELEASED = Path(__file__).parent / "released"
"""The documents of past releases, each named after its `info.version`."""

Document = dict[str, Any]

Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader if there is one: twenty times as fast."""


def parse(text: str | bytes) -> Document:
    """A document from its YAML.

    Raises:
        yaml.YAMLError: it is not YAML.
        ValueError: it is not an AsyncAPI document.
    """
    document = yaml.load(text, Loader)  # noqa: S506 -- both loaders are safe ones
    if not isinstance(document, dict) or "asyncapi" not in document:
        raise ValueError("this is not an AsyncAPI document")
    return document


def committed_document() -> Document:
    """The document of this release; a new dictionary each time."""
    return parse(DOCUMENT.read_bytes())
