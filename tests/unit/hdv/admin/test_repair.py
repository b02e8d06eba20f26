"""What `hdv repair` refuses; what it rebuilds is tested with real services."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hdv.cli import app


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "UPLOADS_DIR", "QUARANTINE_DIR", "ARCHIVE_DIR"):
        monkeypatch.delenv(f"HDV_{name}", raising=False)


def test_a_directory_without_a_redis_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["repair", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "no Redis runs on" in result.stderr


def test_a_directory_without_a_study_is_refused(tmp_path: Path) -> None:
    url = "redis://127.0.0.1:1/0"
    result = CliRunner().invoke(app, ["repair", "--data", str(tmp_path), "--redis-url", url])
    assert result.exit_code == 2
    assert "no study is stored in" in result.stderr
