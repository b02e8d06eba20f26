"""What each command needs beyond the dependencies of `hdv validate`, and what it says without."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from unit.engine.test_real_files import FILES

ROOT = Path(__file__).parents[3]
BASE = {
    "annotated_doc", "annotated_types", "orjson", "pydantic", "pydantic_core", "rich",
    "shellingham", "typer", "typing_extensions", "typing_inspection", "yaml", "_yaml",
}  # fmt: skip
OURS = {"archives", "asyncapi", "chassis", "contracts", "engine", "gateway", "hdv", "storage"}
WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

MISSING = set(sys.argv.pop(1).split(","))
sys.meta_path.insert(0, Missing())

from hdv.__main__ import main

main()
"""


def hdv(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `hdv` where nothing but its base dependencies can be imported."""
    missing = ",".join(set(packages_distributions()) - BASE - OURS)
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, missing, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_a_file_is_validated_with_the_base_dependencies_alone() -> None:
    done = hdv("validate", "--format", "json", str(FILES["CT_small.dcm"]))
    assert done.stderr == ""
    assert done.returncode in {0, 1}
    assert '"findings"' in done.stdout


def test_frames_that_cannot_be_decoded_are_a_remark() -> None:
    done = hdv("validate", "--decode", "first", str(FILES["MR_small_jp2klossless.dcm"]))
    assert "install hybrid-dicom-validator[decoding]" in done.stdout


@pytest.mark.parametrize("arguments", [["rules"], ["explain", "decoding.failed"], ["--help"]])
def test_the_offline_commands_need_no_extra(arguments: list[str]) -> None:
    done = hdv(*arguments)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["upload", "x.dcm"], "client"),
        (["status", "01234567-89ab-4cde-8f01-23456789abcd"], "client"),
        (["quarantine", "list"], "client"),
        (["events", "tail"], "server"),
        (["index", "rebuild"], "server"),
        (["up"], "local"),
    ],
)
def test_a_missing_extra_is_one_line_that_says_what_to_install(
    arguments: list[str], extra: str
) -> None:
    done = hdv(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert f"pip install 'hybrid-dicom-validator[{extra}]'" in line
