"""Redis keys in memory: the few commands that idempotency keys need, MULTI with WATCH included."""

from collections.abc import Callable
from typing import Any, Self

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import WatchError

from contracts.events import StudyUploaded


class Keys:
    """A redis-py client and its Redis, and the publisher of the uploads."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.expiries: dict[str, int] = {}
        self.published: list[StudyUploaded] = []
        self.away = False
        self.before_execute: Callable[[], None] = lambda: None
        """What happens before the next MULTI is executed."""
        self.after_execute: Callable[[], None] = lambda: None

    def write(self, name: str, value: bytes | str, ex: int) -> None:
        self.values[name] = value.encode() if isinstance(value, str) else value
        self.expiries[name] = ex

    def require(self) -> None:
        if self.away:
            raise RedisConnectionError("gone")

    # What redis-py has:

    async def connect(self) -> Self:
        return self

    async def ping(self) -> None:
        self.require()

    async def set(self, name: str, value: bytes, *, nx: bool, ex: int) -> bool:
        self.require()
        assert nx
        if name in self.values:
            return False
        self.write(name, value, ex)
        return True

    async def get(self, name: str) -> bytes | None:
        self.require()
        return self.values.get(name)

    def pipeline(self, *, transaction: bool) -> "_Pipeline":
        assert transaction
        return _Pipeline(self)

    # What the publisher has:

    async def publish(self, event: StudyUploaded) -> None:
        self.require()
        self.published.append(event)

    async def queue(self, event: StudyUploaded, pipeline: "_Pipeline") -> None:
        pipeline.commands.append(lambda: self.published.append(event))

    def note(self, event: StudyUploaded) -> None:
        assert event in self.published


class _Pipeline:
    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._watched: dict[str, bytes | None] = {}
        self.commands: list[Callable[[], Any]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def watch(self, name: str) -> None:
        self._keys.require()
        self._watched[name] = self._keys.values.get(name)

    async def get(self, name: str) -> bytes | None:
        return await self._keys.get(name)

    def multi(self) -> None:
        """From now on commands are collected."""

    def set(self, name: str, value: bytes, *, ex: int) -> None:
        self.commands.append(lambda: self._keys.write(name, value, ex))

    def expire(self, name: str, seconds: int) -> None:
        self.commands.append(lambda: self._keys.expiries.update({name: seconds}))

    def delete(self, name: str) -> None:
        self.commands.append(lambda: self._keys.values.pop(name))

    async def execute(self) -> None:
        before, self._keys.before_execute = self._keys.before_execute, lambda: None
        before()
        self._keys.require()
        if any(self._keys.values.get(name) != value for name, value in self._watched.items()):
            raise WatchError("changed")
        for command in self.commands:
            command()
        after, self._keys.after_execute = self._keys.after_execute, lambda: None
        after()
