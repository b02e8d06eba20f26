"""`hdv validate` from the command line to the exit code, with the real engine."""

import errno
import hashlib
import json
import os
import signal
import zipfile
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from typer.testing import CliRunner, Result

from chassis.runtime.confinement import Cause
from engine.encoding.elements import Buffer
from engine.profiles.profile import Profile
from hdv.cli import app
from hdv.validation import examine_source as examination
from hdv.validation import repeated, run
from hdv.validation.examine_source import examine_source, killed
from hdv.validation.sources import Source


@pytest.fixture(scope="session")
def valid() -> bytes:
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path
    return Path(path).read_bytes()


@pytest.fixture
def folder(tmp_path: Path, valid: bytes) -> Path:
    """A study with a valid image, a truncated one, a text, and a media directory."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(valid)
    (folder / "b.dcm").write_bytes(valid[:-100])
    (folder / "c.txt").write_text("no image")
    (folder / "DICOMDIR").touch()
    return folder


def hdv(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["validate", *map(str, arguments)], input=stdin)


def test_the_exit_code_is_0_for_what_is_valid(folder: Path) -> None:
    result = hdv(folder / "a.dcm")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "1 file: 1 valid" in result.stdout


def test_the_exit_code_is_1_for_findings_at_error_level(folder: Path) -> None:
    result = hdv(folder)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "3 files: 1 valid, 2 invalid" in result.stdout
    assert "skipped: 1 (media directory)" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["gone"], "hdv validate: gone: No such file or directory\n"),
        ([*"gone"], "hdv validate: g: No such file or directory\n"),
        (["gone\x1b[2J"], "hdv validate: gone\\x1b[2J: No such file or directory\n"),
        ([".", "--profile", "strikt"], "hdv validate: strikt: "),
        ([".", "--output", "no/where"], "hdv validate: no/where: No such file or directory\n"),
        ([".", "--format", "xml"], "'xml' is not one of"),
        ([".", "--decode", "some"], "'some' is not one of"),
        ([".", "--jobs", "0"], "'--jobs' / '-j': Input should be greater"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_has_exit_code_2_and_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = hdv(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr


def test_a_mistake_in_a_profile_is_shown_with_its_line(tmp_path: Path) -> None:
    profile = tmp_path / "site.yaml"
    profile.write_text("name: site\nseverity: high\n")
    result = hdv(tmp_path, "--profile", profile)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"hdv validate: {profile}:2:")


def test_the_order_does_not_depend_on_the_number_of_jobs(tmp_path: Path, valid: bytes) -> None:
    for number in range(20):
        # The first ones take the longest.
        (tmp_path / f"{number:02}").write_bytes(b"text" if number > 3 else valid)
    reports = [json.loads(hdv(tmp_path, "--format", "json", "--jobs", n).stdout) for n in "14"]
    assert reports[0]["files"] == reports[1]["files"]
    names = [Path(file["path"]).name for file in reports[0]["files"]]
    assert names == sorted(names)


def test_members_of_an_archive_are_examined_as_files_are(tmp_path: Path, valid: bytes) -> None:
    (tmp_path / "x.dcm").write_bytes(valid)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / f"{method}.zip", "w", method) as target:
            target.writestr("x.dcm", valid)
    report = json.loads(hdv(tmp_path, "--format", "json").stdout)
    stored, deflated, plain = report["files"]
    assert stored["path"] == f"{tmp_path}/0.zip!/x.dcm"
    for file in (stored, deflated, plain):
        del file["path"]
    assert stored == deflated == plain
    assert plain["size_bytes"] == len(valid)


def test_the_same_image_twice_is_a_finding(tmp_path: Path, valid: bytes) -> None:
    (tmp_path / "1").write_bytes(valid)
    (tmp_path / "2").write_bytes(valid)
    report = json.loads(hdv(tmp_path, "--format", "json").stdout)
    [study] = report["studies"]
    assert study["files"] == 2
    assert [file["verdict"] for file in report["files"]] == ["valid", "valid"]
    repeated = next(f for f in study["findings"] if f["path"] == "(0008,0018)")
    assert repeated["files"] == [f"{tmp_path}/1", f"{tmp_path}/2"]


def test_a_wrong_number_of_instances_is_a_finding_of_the_study(
    tmp_path: Path, valid: bytes
) -> None:
    (tmp_path / "1").write_bytes(valid)
    found = json.loads(hdv(tmp_path, "--format", "json").stdout)
    missed = json.loads(hdv(tmp_path, "--format", "json", "--expected-instances", "3").stdout)
    assert len(missed["studies"][0]["findings"]) == len(found["studies"][0]["findings"]) + 1


def test_an_empty_folder_is_reported(tmp_path: Path) -> None:
    result = hdv(tmp_path)
    assert (result.exit_code, result.stderr) == (0, "hdv validate: there was nothing to examine\n")
    assert result.stdout.startswith("0 files; no findings")


def test_a_path_that_is_named_twice_is_examined_once(folder: Path) -> None:
    assert "1 file:" in hdv(folder / "a.dcm", folder / "a.dcm").stdout


def test_standard_input_is_examined(valid: bytes) -> None:
    report = json.loads(hdv("-", "--format", "json", stdin=valid).stdout)
    [file] = report["files"]
    assert (file["path"], file["size_bytes"]) == ("-", len(valid))


def test_the_report_can_go_to_a_file(folder: Path, tmp_path: Path) -> None:
    result = hdv(folder, "--format", "json", "--output", tmp_path / "report.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(json.loads((tmp_path / "report.json").read_bytes())["files"]) == 3


def test_quiet_text_is_empty_when_all_is_valid(folder: Path) -> None:
    result = hdv("--quiet", folder / "a.dcm")
    assert (result.exit_code, result.output) == (0, "")
    assert "valid" not in hdv("--quiet", folder).stdout


def test_values_are_shown_only_on_request(folder: Path) -> None:
    (folder / "text").write_text("Doe^John, no image")
    assert "Doe^John" not in hdv(folder / "text").stdout
    assert "Doe^John" in hdv(folder / "text", "--show-values").stdout


def test_the_report_says_which_profile_was_applied(folder: Path) -> None:
    profiles = [
        json.loads(hdv(folder, "--format", "json", *more).stdout)["versions"]["profile"]
        for more in ([], ["--profile", "strict"], ["--decode", "first"])
    ]
    assert [profile["name"] for profile in profiles] == ["default", "strict", "default"]
    assert len({profile["digest"] for profile in profiles}) == 3


def test_a_file_without_read_permission_is_a_finding(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Source) -> Buffer:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # Tests in containers run as root, who may read everything.
    monkeypatch.setattr(examination, "bytes_of", refused)
    assert "found Permission denied" in hdv(folder).stdout


def test_a_link_that_leads_nowhere_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("nowhere")
    result = hdv(tmp_path)
    assert result.exit_code == 1
    assert "found No such file or directory" in result.stdout


def test_a_file_that_kills_its_process_is_a_finding_and_the_others_are_examined(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = run.examine_source

    def deadly(source: Source, profile: Profile, *, sha256: bool) -> object:
        if source.name.endswith("b.dcm"):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(source, profile, sha256=sha256)

    monkeypatch.setattr(run, "examine_source", deadly)
    report = json.loads(hdv(folder, "--format", "json").stdout)
    a, b, c = (file["findings"] for file in report["files"])
    assert [finding["code"] for finding in b] == ["file.unreadable"]
    assert b[0]["found"] == "the process that examined it died"
    assert [finding["code"] for finding in c] == ["file.not-dicom"]
    assert "file.unreadable" not in {finding["code"] for finding in a}


def test_a_defect_of_ours_is_a_finding_with_its_place_and_without_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Doe^John")

    monkeypatch.setattr(examination, "examine", broken)
    (tmp_path / "x").write_bytes(b"x")
    report = examine_source(Source("x", str(tmp_path / "x")), Profile(), sha256=True)
    [finding] = report.findings
    assert finding.code == "file.unreadable"
    assert "validator: KeyError at test_command.py:" in (finding.found or "")
    assert report.sha256


def _study_findings(*arguments: str | Path) -> list[tuple[str, str]]:
    """Code and what was found, of each finding across files."""
    [study] = json.loads(hdv(*arguments, "--format", "json").stdout)["studies"]
    return [(finding["code"], finding["found"]) for finding in study["findings"]]


def test_equal_files_and_different_ones_with_one_uid_are_kept_apart(
    tmp_path: Path, valid: bytes
) -> None:
    pixels = valid[:-200] + bytes([valid[-200] ^ 1]) + valid[-199:]
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("x.dcm", valid)
    (tmp_path / "b.dcm").write_bytes(b"other preamble".ljust(128, b"\0") + valid[128:])
    [(code, found)] = _study_findings(tmp_path)
    assert (code, found.partition(" with ")[0]) == ("study.instance-duplicate", "2 equal files")
    (tmp_path / "c.dcm").write_bytes(pixels)
    [(code, found)] = _study_findings(tmp_path)
    assert (code, found.partition(" with ")[0]) == ("study.instance-conflict", "2 different files")


def test_a_file_that_cannot_be_read_again_counts_as_different(
    tmp_path: Path, valid: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(*_: object) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return ""

    monkeypatch.setattr(repeated, "digest", deadly)
    for name in "ab":
        (tmp_path / name).write_bytes(valid)
    [(code, _)] = _study_findings(tmp_path)
    assert code == "study.instance-conflict"


def test_only_reports_that_show_digests_have_them(tmp_path: Path, valid: bytes) -> None:
    (tmp_path / "x").write_bytes(valid)
    digest = hashlib.sha256(valid).hexdigest()
    assert digest in hdv(tmp_path, "--format", "json").stdout
    assert digest in hdv(tmp_path, "--format", "csv").stdout
    source = Source("x", str(tmp_path / "x"))
    assert examine_source(source, Profile(), sha256=False).sha256 is None


def test_an_exceeded_limit_is_named() -> None:
    [finding] = killed(Source("x", "x"), Profile(), Cause.TIME).findings
    assert finding.found == "the examination exceeded the time limit"


@pytest.mark.parametrize("victim", ["c.txt", "a.dcm", "a.zip"])
def test_no_report_is_written_over_an_input_or_another_image(folder: Path, victim: str) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(folder / "a.dcm")
    before = (folder / victim).read_bytes()
    result = hdv(folder / "c.txt", "--output", folder / victim)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "would be overwritten by the report" in result.stderr
    assert (folder / victim).read_bytes() == before


def test_a_report_in_the_folder_that_is_examined_is_not_one_of_the_files(folder: Path) -> None:
    for _ in range(2):
        assert hdv(folder, "--format", "json", "--output", folder / "report.json").exit_code == 1
    files = json.loads((folder / "report.json").read_text())["files"]
    assert [Path(file["path"]).name for file in files] == ["a.dcm", "b.dcm", "c.txt"]
