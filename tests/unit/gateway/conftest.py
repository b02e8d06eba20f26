"""A running gateway for each test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from kit.gateway import MemoryGateway, running


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[MemoryGateway]:
    """The gateway in memory, with its volumes below `tmp_path`."""
    async with running(MemoryGateway(tmp_path)) as made:
        yield made
