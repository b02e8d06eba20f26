"""Turns: work that shares a process with other work, and work that has it alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A lock that many share, or one has alone. One that waits to be alone is next."""

    def __init__(self) -> None:
        self._entrance = asyncio.Lock()
        self._sharing = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Run beside others that share."""
        async with self._entrance:
            self._sharing += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._sharing -= 1
            if not self._sharing:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Run while nothing else does."""
        async with self._entrance:
            await self._empty.wait()
            yield
