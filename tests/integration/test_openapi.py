"""The gateway's OpenAPI document, held against the running gateway by schemathesis."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.access.caller import Scope
from kit.keys import make_key
from kit.pipeline import Pipeline

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 20
"""Requests that are made up for each operation, beside the systematic ones."""


@pytest.mark.timeout(360)
def test_schemathesis_finds_nothing(pipeline: Pipeline) -> None:
    key = make_key(pipeline.directory / "keys.json", Scope.ADMIN)
    pipeline.start_all()

    run = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run",
            f"{pipeline.http.base_url}/openapi.json",
            "--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1",
            "--exclude-path-regex", "^/events/stream$",
            "--request-timeout", "30", "--no-color",
        ],
        cwd=pipeline.directory,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HDV_API_KEY": key.text,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout[-10_000:]
