"""The wheel in an environment of its own, with the base dependencies and nothing else."""

import json
import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from pydicom.data import get_testdata_file

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "asyncapi", "contracts", "archives", "engine", "storage", "chassis", "gateway", "validator",
    "descriptor", "status", "hdv",
)  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [file] = directory.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the commands of an environment into which the wheel is installed."""
    environment = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    [packages] = environment.glob("lib/python*/site-packages")
    for name in closure(wheel):
        copy(distribution(name), packages)
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-deps", "--quiet",
         "--python", str(python), str(wheel)],
        check=True,
    )  # fmt: skip
    return environment / "bin"


def test_two_builds_of_one_commit_are_the_same(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def closure(wheel: Path) -> set[str]:
    """The distributions that the wheel requires when no extra is asked for, and theirs."""
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode()
    waiting = re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE)
    found: set[str] = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name not in found:
            found.add(requirement.name)
            waiting += distribution(requirement.name).requires or []
    return found


def copy(source: Distribution, target: Path) -> None:
    for file in source.files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), target / file)


@pytest.mark.parametrize("command", ["hdv", "hybrid-dicom-validator"])
def test_a_file_is_validated_by_the_installed_command(scripts: Path, command: str) -> None:
    sample = get_testdata_file("CT_small.dcm", download=False)
    done = subprocess.run(
        [scripts / command, "validate", "--format", "json", str(sample)],
        capture_output=True,
        text=True,
        check=False,
        cwd=scripts,
        env={},
    )
    assert done.stderr == ""
    assert done.returncode in {0, 1}
    assert json.loads(done.stdout)


def test_the_base_dependencies_are_few(wheel: Path) -> None:
    assert not closure(wheel) & {"fastapi", "faststream", "redis", "numpy", "pydicom", "httpx2"}
    assert len(closure(wheel)) < 20


def test_each_package_says_that_it_is_typed(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert not any(name.startswith(("tests/", "tools/", "benchmarks/")) for name in names)
