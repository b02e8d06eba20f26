"""The clean files are clean: for the strict profile, and for dciodvfy."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.dciodvfy import PROGRAM
from contracts.report import Severity
from engine.examination import examine
from engine.profile_files.loading import load_profile
from unit.engine import dicom_writer as dicom
from unit.engine.clean.catalogue import CLEAN

STRICT = load_profile("strict").model_copy(update={"decode": "all"})
YOUNGER_THAN_DCIODVFY = {
    "high_throughput",
    "high_throughput_in_order",
    "jpeg_xl",
    "encapsulated_native",
    "deflated_frame",
    "h265",
}
"""Their transfer syntaxes are: it takes them for native ones."""
UNKNOWN_TO_DCIODVFY = {"timed"}
"""It does not know temporal coordinates in comprehensive reports."""
UNREADABLE_FOR_DCIODVFY = (
    YOUNGER_THAN_DCIODVFY
    | UNKNOWN_TO_DCIODVFY
    | {
        # It does not inflate.
        name
        for name, file in CLEAN.items()
        if file.syntax == dicom.DEFLATED
    }
)


@pytest.mark.parametrize("name", CLEAN)
def test_the_strict_profile_finds_nothing_in_a_clean_file(name: str) -> None:
    report = examine(CLEAN[name].encode(), STRICT)

    assert [finding for finding in report.findings if finding.severity is not Severity.INFO] == []


@pytest.mark.parametrize("name", [name for name in CLEAN if name not in UNREADABLE_FOR_DCIODVFY])
def test_dciodvfy_finds_nothing_either(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file.dcm"
    file.write_bytes(CLEAN[name].encode())

    result = subprocess.run(
        [PROGRAM, file], capture_output=True, text=True, check=False, timeout=20
    )

    said = (result.stdout + result.stderr).splitlines()
    assert [line for line in said if line.startswith(("Error", "Warning"))] == []
    assert result.returncode == 0
