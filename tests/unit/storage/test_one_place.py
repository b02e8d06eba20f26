"""Only `storage` knows how studies are stored; all other packages ask it."""

import ast
from pathlib import Path

import pytest

from storage import layout

ROOT = Path(__file__).parents[3]
PACKAGES = ("archives", "chassis", "contracts", "descriptor", "engine", "gateway", "hdv", "status",
            "validator")  # fmt: skip
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
DIRECTORIES = {"uploads_dir", "quarantine_dir", "archive_dir"}
MAY_NAME_DIRECTORIES = {
    "chassis/runtime/settings.py",  # declares them and chooses the backend
    "hdv/up/run.py",  # creates and shows them
    "hdv/admin/doctor/volumes.py",  # looks at each
    "hdv/admin/index.py",
    "hdv/admin/verify.py",  # makes sure that there is an archive
}
CONSTANTS = {name for name in vars(layout) if name.isupper()}
NAMES = {
    value for name, value in vars(layout).items() if name in CONSTANTS and isinstance(value, str)
}
MAY_BE_A_NAME_TOO = {"original"}
"""A word of English as well."""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _joined(tree: ast.AST) -> list[ast.expr]:
    """The operands of every `/`, and the arguments of every `joinpath` and `Path`."""
    operands: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            operands += [node.left, node.right]
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            operands += node.args if name in {"joinpath", "Path", "with_name"} else []
    return operands


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_other_module_joins_paths_of_the_volumes(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for operand in _joined(tree):
        assert getattr(operand, "attr", None) not in DIRECTORIES
        assert getattr(operand, "id", None) not in CONSTANTS
        assert not isinstance(operand, ast.Constant) or operand.value not in NAMES


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_other_module_has_names_of_stored_files(path: Path) -> None:
    tree = ast.parse(path.read_text())
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert not strings & NAMES - MAY_BE_A_NAME_TOO


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_directories_of_the_volumes_are_settings_of_the_file_system_only(path: Path) -> None:
    tree = ast.parse(path.read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert _name(path) in MAY_NAME_DIRECTORIES or not used & DIRECTORIES


def test_the_list_of_exceptions_is_the_true_one() -> None:
    assert all((ROOT / name).is_file() for name in MAY_NAME_DIRECTORIES)
    assert {layout.INTAKE, layout.REPORT, layout.METADATA, layout.INCOMING} <= NAMES
