"""The flow in memory, and the committed document to hold it against."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydicom.data import get_testdata_file

from asyncapi.check import MessageCheck
from asyncapi.document import committed_document
from contract.flow import Flow, running_flow


@pytest.fixture(scope="session")
def ct() -> bytes:
    """A valid CT image."""
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    return Path(path).read_bytes()


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The committed AsyncAPI document."""
    return committed_document()


@pytest.fixture(scope="session")
def check(document: dict[str, Any]) -> MessageCheck:
    """Reports how a message breaks the committed document."""
    return MessageCheck(document)


@pytest_asyncio.fixture
async def flow(tmp_path: Path) -> AsyncIterator[Flow]:
    async with running_flow(tmp_path) as running:
        yield running
