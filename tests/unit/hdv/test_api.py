"""The Python API: `from hdv import validate`, and the examples of docs/python.md."""

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

import hdv
from hdv.cli import app

PAGE = Path(__file__).parents[3] / "docs" / "python.md"
UID = b"1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"


@pytest.fixture(scope="session")
def valid() -> bytes:
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    return Path(path).read_bytes()


@pytest.fixture
def folder(tmp_path: Path, valid: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the page: a damaged image, a study, a zip file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.dcm").write_bytes(valid[:-100])
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "1.dcm").write_bytes(valid)
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("2.dcm", valid.replace(UID, UID[:-1] + b"3"))
    return tmp_path


def test_the_examples_of_the_page_print_what_it_says(folder: Path) -> None:
    del folder
    names: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) == PAGE.read_text().count("```python")
    for code, expected in examples:
        with redirect_stdout(io.StringIO()) as output:
            exec(code, names)  # noqa: S102 -- our own page
        assert output.getvalue() == expected


def test_the_page_lists_every_attribute() -> None:
    text = PAGE.read_text()
    for model in (hdv.FileReport, hdv.ValidationReport, hdv.StudyComparison, hdv.SkippedPath):
        [row] = re.findall(rf"^\| `{model.__name__}` \|.*$", text, re.MULTILINE)
        for name in model.model_fields:
            assert f"`{name}`" in row


def test_a_path_and_its_bytes_give_the_same_findings(folder: Path) -> None:
    by_path = hdv.validate(folder / "image.dcm")
    by_bytes = hdv.validate((folder / "image.dcm").read_bytes())
    assert by_path.path == str(folder / "image.dcm")
    assert by_bytes == by_path.model_copy(update={"path": None})
    assert not by_path.is_valid


def test_the_command_and_the_function_agree(folder: Path) -> None:
    del folder
    arguments = ["validate", "image.dcm", "study/1.dcm", "--format", "json"]
    reported = json.loads(CliRunner().invoke(app, arguments).stdout)["files"]
    for file in reported:
        report = hdv.validate(file["path"])
        assert hdv.FileReport.model_validate(file) == report


def test_several_paths_are_examined_and_compared(folder: Path) -> None:
    (folder / "study" / "DICOMDIR").touch()
    (folder / "study" / "copy.dcm").write_bytes((folder / "study" / "1.dcm").read_bytes())
    report = hdv.validate_paths(folder / "study")
    assert [file.is_valid for file in report.files] == [True, True]
    [study] = report.studies
    assert study.files == 2
    assert any(len(finding.files) == 2 for finding in study.findings)
    assert report.skipped == (
        hdv.SkippedPath(path=f"{folder}/study/DICOMDIR", reason="media directory"),
    )


def test_options_reach_the_command(folder: Path) -> None:
    (folder / "text").write_text("Doe^John, no image")
    report = hdv.validate_paths("text", profile="strict", show_values=True)
    assert report.files == (hdv.validate("text", "strict", show_values=True),)
    assert "Doe^John" in (report.files[0].findings[0].found or "")
    assert "Doe^John" not in str(hdv.validate_paths("text"))


def test_a_folder_is_not_one_file(folder: Path) -> None:
    with pytest.raises(IsADirectoryError):
        hdv.validate(folder)


@pytest.mark.parametrize("function", [hdv.validate, hdv.validate_paths])
def test_what_is_not_there_is_an_error(function: Any, folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        function(folder / "none")
    with pytest.raises(hdv.ProfileError):
        function(folder / "image.dcm", profile="strickt")


def test_an_empty_file_is_a_finding() -> None:
    assert [finding.code for finding in hdv.validate(b"").findings] == ["file.empty"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"jobs": 0}, "--jobs"),
        ({"time_limit": 0}, "--time-limit"),
        ({"expected_instances": 0}, "--expected-instances"),
        ({"decode": "some"}, "--decode"),
    ],
)
def test_an_impossible_option_is_an_error_with_the_reason(
    folder: Path, options: dict[str, Any], option: str
) -> None:
    with pytest.raises(hdv.CommandError, match=f"^Invalid value for '{option}'"):
        hdv.validate_paths(folder / "image.dcm", **options)


def test_a_command_that_breaks_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdv.api.sys.executable", shutil.which("false"))
    with pytest.raises(hdv.CommandError, match="exit code 1"):
        hdv.validate_paths(folder / "image.dcm")


def test_importing_the_package_loads_nothing() -> None:
    code = (
        "import sys, hdv; names = {name.partition('.')[0] for name in sys.modules};"
        "print(names & {'chassis', 'contracts', 'engine', 'orjson', 'pydantic', 'typer'})"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert output == "set()\n"


def test_every_name_of_the_api_is_there() -> None:
    for name in hdv.__all__:
        assert getattr(hdv, name).__doc__
    assert set(hdv.__all__) <= set(dir(hdv))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = hdv.nothing
