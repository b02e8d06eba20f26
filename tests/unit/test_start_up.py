"""What a process imports before it is ready: start-up is mostly importing."""

import subprocess
import sys

import pytest

IMAGING = {"pydicom", "numpy", "PIL", "requests"}
TERMINAL = {"rich", "typer"}
WEB = {"fastapi", "faststream", "redis", "httpx2", "uvicorn", "structlog"}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("gateway.app", IMAGING | TERMINAL),
        ("validator.app", IMAGING | TERMINAL),
        ("descriptor.app", IMAGING | TERMINAL),
        ("status.app", IMAGING | TERMINAL | {"yaml", "chassis.runtime.isolation", "engine"}),
        ("hdv.up.run", IMAGING | WEB),
        ("hdv.validation.run", IMAGING | WEB | {"yaml"}),
        ("validator.examine_file", WEB | IMAGING),
        ("descriptor.description", WEB),
        ("descriptor.rendering", WEB),
    ],
)
def test_a_process_imports_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert module in imported
    assert not unwanted & set(imported)
