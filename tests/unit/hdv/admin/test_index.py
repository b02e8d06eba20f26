"""`hdv index rebuild` on the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hdv.admin import redis_client
from hdv.cli import app
from kit.redis import MemoryRedis


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch, bare_environment: pytest.MonkeyPatch) -> MemoryRedis:
    """The Redis that the command finds, whatever its address."""
    del bare_environment
    found = MemoryRedis()
    monkeypatch.setattr(redis_client, "connect", lambda _: found)
    return found


def rebuild(archive: Path) -> Result:
    arguments = ["--archive", str(archive), "--redis-url", "redis://me:secret@here:6379/0"]
    return CliRunner().invoke(app, ["index", "rebuild", *arguments])


def test_an_archive_must_exist(redis: MemoryRedis, tmp_path: Path) -> None:
    del redis
    result = rebuild(tmp_path / "none")
    assert result.exit_code == 2
    assert result.stderr == f"hdv index rebuild: {tmp_path}/none: no such directory\n"


def test_without_redis_one_line_says_so_without_the_password(
    redis: MemoryRedis, tmp_path: Path
) -> None:
    redis.leave()
    result = rebuild(tmp_path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "hdv index rebuild: cannot use Redis at here:6379: gone\n"
