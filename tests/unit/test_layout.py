"""The house keeps its shape: imports run one way, files stay small, names say something."""

import asyncio
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "contracts",
    "archives",
    "engine",
    "storage",
    "chassis",
    "gateway",
    "validator",
    "descriptor",
    "status",
    "asyncapi",
    "hdv",
    "tools",
)
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
MOST_LINES = 400
TABLES = {ROOT / "chassis" / "web" / "problem_types.py"}
"""Modules that are one table, which may have any length."""


def test_imports_run_one_way() -> None:
    """In a process of its own, because import-linter sets up logging for all."""
    linter = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_every_package_has_modules() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_small_and_its_first_line_says_what_it_is_about(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES or path in TABLES
    assert text.startswith('"""')


def test_no_module_is_named_after_nothing() -> None:
    named = {part for path in MODULES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not named & SAYS_NOTHING


def test_unit_tests_cannot_reach_the_network() -> None:
    with pytest.raises(UserWarning, match=r"socket\.socket"):
        socket.socket(socket.AF_INET)
    with pytest.raises(UserWarning, match="getaddrinfo"):
        socket.getaddrinfo("localhost", 80)


def test_event_loops_work_all_the_same() -> None:
    assert asyncio.run(asyncio.sleep(0, "awake")) == "awake"


def test_each_direct_dependency_is_named_with_its_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    requirements = [*project["dependencies"], *(name for extra in extras for name in extra)]
    names = {re.split(r"[^\w-]", requirement)[0].lower() for requirement in requirements}
    page = (ROOT / "THIRD-PARTY.md").read_text()
    _, _, *rows = re.findall(r"^\| \**([\w-]+)\** \|", page, re.MULTILINE)
    listed = {row.lower().replace("redis-py", "redis") for row in rows}
    assert listed == names - {project["name"]}


def test_the_image_and_the_wheel_have_every_package_but_the_tools() -> None:
    shipped = set(PACKAGES) - {"tools"}
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert set(build["targets"]["wheel"]["packages"]) == shipped
    context = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{package}/" for package in shipped} <= set(context)
    assert all((ROOT / package / "py.typed").exists() for package in shipped)
