"""The packages that a command loads: `--help` must not wait for services or the engine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

HEAVY = {
    "asyncio", "faststream", "fastapi", "httpx2", "numpy", "PIL", "pydicom", "redis",
    "rich", "starlette", "structlog", "uvicorn",
}  # fmt: skip
PARTS = {
    "archives", "asyncapi", "chassis", "contracts", "descriptor", "engine", "gateway", "status",
    "storage", "validator",
}  # fmt: skip

LOADED = """
import json, sys, threading
from hdv.cli import app
try:
    app(sys.argv[1:], prog_name="hdv")
except SystemExit:
    assert threading.active_count() == 1, "what has threads cannot be forked"
    print("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(*arguments: str) -> set[str]:
    """The packages that a command has loaded when it ends."""
    result = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["validate", "--help"],
        ["events", "--help"],
        ["up", "--help"],
        ["upload", "--help"],
        ["status", "--help"],
        ["quarantine", "--help"],
        ["quarantine", "purge", "--help"],
        ["index", "rebuild", "--help"],
    ],
)
def test_help_loads_no_service_and_no_engine(arguments: list[str]) -> None:
    assert not loaded(*arguments) & (HEAVY | PARTS)


def test_the_list_of_commands_does_not_even_load_pydantic() -> None:
    assert "pydantic" not in loaded("--help")


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_validate_loads_the_engine_but_nothing_of_services(form: str) -> None:
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    packages = loaded("validate", str(Path(path)), "--format", form)
    assert "engine" in packages
    assert not packages & HEAVY


def test_rules_are_explained_without_services() -> None:
    packages = loaded("explain", "file.empty")
    assert "engine" in packages
    assert not packages & HEAVY
