"""`hdv quarantine` with the application of the gateway, over ASGI."""

import asyncio
import json
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from structlog.testing import capture_logs
from typer.testing import Result

from kit.terminal import Terminal
from unit.gateway.quarantined import DAY, NOT_DICOM, TRUNCATED, Gateway

TEXT = b"no DICOM at all"
IMAGE = bytes(128) + b"DICM" + bytes(100)
FIXED = bytes(128) + b"DICM" + bytes(200)


class QuarantineTerminal(Terminal):
    """A terminal with the gateway's own application at the other end."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(self._serve, monkeypatch)
        self.gateway = Gateway(root)

    def __call__(self, *arguments: object, keys: str | None = None) -> Result:
        """Run `hdv quarantine`."""
        return super().__call__("quarantine", *arguments, keys=keys)

    def _serve(self, request: httpx2.Request) -> httpx2.Response:
        async def serve() -> httpx2.Response:
            answer = await self.gateway.client.send(
                self.gateway.client.build_request(
                    request.method, request.url, headers=request.headers, content=request.read()
                )
            )
            return httpx2.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )

        with capture_logs():
            return asyncio.run(serve())


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineTerminal:
    return QuarantineTerminal(tmp_path / "volumes", monkeypatch)


def test_an_empty_quarantine_is_reported(terminal: QuarantineTerminal) -> None:
    result = terminal("list")
    assert (result.exit_code, result.output) == (0, "nothing is in quarantine\n")


def test_studies_are_listed_with_their_errors(terminal: QuarantineTerminal) -> None:
    study_id = terminal.gateway.quarantine(
        (TEXT, NOT_DICOM), (IMAGE, TRUNCATED), (IMAGE, TRUNCATED), label="trial-42"
    )
    result = terminal("list")
    row = result.stdout.splitlines()[1]
    assert result.exit_code == 0
    assert row.startswith(str(study_id))
    assert "trial-42" in row
    assert f"{TRUNCATED} (2), {NOT_DICOM} (1)" in row


def test_more_studies_than_the_limit_are_mentioned(terminal: QuarantineTerminal) -> None:
    for _ in range(3):
        terminal.gateway.quarantine((TEXT, NOT_DICOM))
    two = ("list", "--code", NOT_DICOM, "--limit", 2)
    assert terminal(*two).stdout.splitlines()[-1] == "and more; --limit shows them"
    listed = terminal.json(*two)
    assert (len(listed["studies"]), listed["more"]) == (2, True)
    assert terminal.json("list")["more"] is False


def test_all_pages_are_read(terminal: QuarantineTerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdv.client.quarantine.MOST_PER_PAGE", 2)
    made = {str(terminal.gateway.quarantine((TEXT, NOT_DICOM))) for _ in range(5)}
    listed = terminal.json("list")["studies"]
    assert {study["study_id"] for study in listed} == made
    assert len(listed) == 5


def test_an_invalid_query_is_refused(terminal: QuarantineTerminal) -> None:
    result = terminal("list", "--since", "yesterday")
    assert result.exit_code == 2
    assert result.stderr.startswith("hdv quarantine list: Invalid request: query.since")


def test_a_study_is_shown_with_findings_and_resubmissions(terminal: QuarantineTerminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    again = terminal.json("resubmit", study_id, "000002.dcm")
    result = terminal("show", study_id)
    assert result.exit_code == 0
    assert f"as study {again['upload']['study_id']}" in result.stdout
    assert "000001.dcm" in result.stdout
    assert f"{TRUNCATED}: It is wrong." in result.stdout
    assert "IM2" in result.stdout


def test_an_unknown_study_is_reported(terminal: QuarantineTerminal) -> None:
    result = terminal("show", uuid4())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("hdv quarantine show: Study not in quarantine: ")


# download


def test_files_are_downloaded_byte_for_byte_into_a_folder_named_after_the_study(
    terminal: QuarantineTerminal, tmp_path: Path
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    folder = tmp_path / "here" / str(study_id)
    for _ in range(2):  # files that are there already are left as they are
        result = terminal("download", study_id, "--output", tmp_path / "here")
        assert result.exit_code == 0, result.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "000001.dcm": TEXT,
        "000002.dcm": IMAGE,
    }
    assert f"{folder / '000001.dcm'}  IM1" in result.stdout


def test_only_the_named_file_is_downloaded(terminal: QuarantineTerminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    terminal("download", study_id, "000002.dcm", "--output", tmp_path)
    assert [path.name for path in (tmp_path / str(study_id)).iterdir()] == ["000002.dcm"]


def test_nothing_is_overwritten(terminal: QuarantineTerminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    path = tmp_path / str(study_id) / "000001.dcm"
    path.parent.mkdir()
    path.write_bytes(b"mine")
    result = terminal("download", study_id, "--output", tmp_path)
    assert (result.exit_code, path.read_bytes()) == (2, b"mine")
    assert "another file has this name" in result.stderr


def test_bytes_with_another_hash_are_not_kept(terminal: QuarantineTerminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    stored = terminal.gateway.volumes.quarantined(study_id) / "000001.dcm"
    stored.write_bytes(b"rotten")
    result = terminal("download", study_id, "--output", tmp_path / "here")
    assert result.exit_code == 2
    assert "another SHA-256" in result.stderr
    assert list((tmp_path / "here" / str(study_id)).iterdir()) == []


def test_a_folder_that_cannot_be_written_is_reported(
    terminal: QuarantineTerminal, tmp_path: Path
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    (tmp_path / "here").write_bytes(b"")
    result = terminal("download", study_id, "--output", tmp_path / "here")
    assert result.exit_code == 2
    assert "Not a directory" in result.stderr


# resubmit


def resubmitted(terminal: QuarantineTerminal, study_id: UUID, *arguments: object) -> Path:
    """The directory of the upload that a command made."""
    answer = terminal.json("resubmit", study_id, *arguments)
    return terminal.gateway.volumes.uploaded(UUID(answer["upload"]["study_id"]))


def test_a_study_is_resubmitted(terminal: QuarantineTerminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    directory = resubmitted(terminal, study_id, "--profile", "lenient")
    assert {path.read_bytes() for path in directory.glob("*.dcm")} == {TEXT, IMAGE}
    assert json.loads((directory / "intake.json").read_bytes())["profile"] == "lenient"


def test_a_file_is_resubmitted(terminal: QuarantineTerminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    directory = resubmitted(terminal, study_id, "000002.dcm")
    assert [path.read_bytes() for path in directory.glob("*.dcm")] == [IMAGE]


def test_a_fixed_file_replaces_one(terminal: QuarantineTerminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    (tmp_path / "fixed").write_bytes(FIXED)
    options = ("--fixed", tmp_path / "fixed", "--profile", "strict")
    directory = resubmitted(terminal, study_id, "000002.dcm", *options)
    assert [path.read_bytes() for path in directory.glob("*.dcm")] == [FIXED]


@pytest.mark.parametrize("names", [[], ["000001.dcm", "000002.dcm"]])
def test_a_fixed_file_replaces_exactly_one(
    terminal: QuarantineTerminal, tmp_path: Path, names: list[str]
) -> None:
    (tmp_path / "fixed").write_bytes(FIXED)
    result = terminal("resubmit", uuid4(), *names, "--fixed", tmp_path / "fixed")
    assert result.exit_code == 2
    assert "needs the name of the one file" in result.stderr


def test_a_fixed_file_must_exist(terminal: QuarantineTerminal, tmp_path: Path) -> None:
    result = terminal("resubmit", uuid4(), "000001.dcm", "--fixed", tmp_path / "none")
    assert result.exit_code == 2
    assert "none: no such file" in result.stderr


# delete and purge


@pytest.mark.parametrize("command", ["delete", "purge"])
def test_nothing_is_deleted_without_confirmation(
    terminal: QuarantineTerminal, command: str
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), age_seconds=DAY)
    arguments = {"delete": [study_id], "purge": ["--older-than-days", 0]}[command]
    result = terminal(command, *arguments)
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert terminal.gateway.files(study_id) == {"000001.dcm"}


@pytest.mark.parametrize(
    ("keys", "code"), [("y\n", 0), ("n\n", 2), pytest.param("", 130, id="ctrl-c")]
)
def test_at_a_terminal_the_command_asks_for_confirmation(
    terminal: QuarantineTerminal, monkeypatch: pytest.MonkeyPatch, keys: str, code: int
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    monkeypatch.setattr("hdv.terminal.prompt.has_terminal", lambda: True)
    result = terminal("delete", study_id, keys=keys)
    assert result.exit_code == code
    assert f"Delete 1 file of study {study_id} permanently? [y/N]:" in result.stderr
    assert terminal.gateway.volumes.quarantined(study_id).exists() is (code != 0)


def test_a_file_or_a_study_is_deleted(terminal: QuarantineTerminal) -> None:
    study_id = terminal.gateway.quarantine(*[(bytes([n]), NOT_DICOM) for n in range(3)])
    result = terminal("delete", study_id, "000001.dcm", "--yes")
    assert (result.exit_code, result.output) == (0, f"deleted 1 file of study {study_id}\n")
    assert terminal.gateway.files(study_id) == {"000002.dcm", "000003.dcm"}
    removed = terminal.json("delete", study_id, "--yes")
    assert removed == {"removed": ["000002.dcm", "000003.dcm"]}
    assert not terminal.gateway.volumes.quarantined(study_id).exists()


def test_an_unknown_file_deletes_nothing(terminal: QuarantineTerminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    result = terminal("delete", study_id, "000001.dcm", "x", "--yes")
    assert result.exit_code == 2
    assert "no file x" in result.stderr
    assert terminal.gateway.files(study_id) == {"000001.dcm"}


def test_all_old_studies_are_purged_in_several_requests(
    terminal: QuarantineTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.quarantine.removal.MOST_AT_ONCE", 2)
    for _ in range(5):
        terminal.gateway.quarantine((TEXT, NOT_DICOM), age_seconds=2 * DAY)
    kept = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    trial = terminal("purge", "--older-than-days", 1, "--dry-run")
    assert trial.exit_code == 0
    assert trial.stdout.splitlines()[-1] == (
        "would be deleted: 2 files of 2 studies, and 3 more studies"
    )
    result = terminal("purge", "--older-than-days", 1, "--yes")
    assert result.stdout.splitlines()[-1] == "deleted: 5 files of 5 studies"
    assert [study["study_id"] for study in terminal.json("list")["studies"]] == [str(kept)]
