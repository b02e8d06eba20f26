"""The flow in memory, and the committed document to hold it against."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from jsonschema import Draft202012Validator
from pydicom.data import get_testdata_file

from contract.flow import Flow, running_flow

DOCUMENT = Path(__file__).parents[2] / "asyncapi" / "asyncapi.yaml"


@pytest.fixture(scope="session")
def ct() -> bytes:
    """A sound CT image."""
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    return Path(path).read_bytes()


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The committed AsyncAPI document."""
    content: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return content


@pytest.fixture(scope="session")
def breaches(document: dict[str, Any]) -> Callable[[str, str, dict[str, Any]], list[str]]:
    """Tells how a message breaks the document: nothing when it is as documented."""

    def check(kind: str, address: str, message: dict[str, Any]) -> list[str]:
        type_of = {"stream": "stream", "live": "pubsub"}[kind]
        channels = [
            channel
            for channel in document["channels"].values()
            if channel["address"] == address and channel["x-redis"]["type"] == type_of
        ]
        if len(channels) != 1:
            return [f"{kind} {address} is not documented"]
        if message.get("type") not in channels[0]["messages"]:
            return [f"{message.get('type')} is not documented on {kind} {address}"]
        payload = document["components"]["messages"][message["type"]]["payload"]
        validator = Draft202012Validator({**payload, "components": document["components"]})
        return [
            f"{error.json_path}: {error.validator} {error.validator_value}"
            for error in validator.iter_errors(message)
        ]

    return check


@pytest_asyncio.fixture
async def flow(tmp_path: Path) -> AsyncIterator[Flow]:
    async with running_flow(tmp_path) as running:
        yield running
