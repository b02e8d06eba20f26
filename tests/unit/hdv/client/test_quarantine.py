"""`hdv quarantine` against the gateway's own routes, over ASGI."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import typer
from structlog.testing import capture_logs

from hdv.client.quarantine import Quarantine
from hdv.exit import ExitCode, run
from unit.gateway.quarantined import DAY, NOT_DICOM, TRUNCATED, Gateway

TEXT = b"no DICOM at all"
IMAGE = bytes(128) + b"DICM" + bytes(100)
FIXED = bytes(128) + b"DICM" + bytes(200)


Command = Callable[[Quarantine], ExitCode | None]


class Terminal:
    """A user at a terminal, with a gateway at the other end."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.gateway = Gateway(root)
        self._capsys = capsys

    def __call__(self, do: Command, **options: Any) -> tuple[int, str, str]:
        """Run a command; its exit code, stdout and stderr."""
        transport = httpx.MockTransport(self._serve)
        quarantine = Quarantine("http://gateway", transport=transport, **options)
        code = run("hdv quarantine", lambda: do(quarantine))
        output = self._capsys.readouterr()
        return code, output.out, output.err

    def json(self, do: Command) -> Any:
        code, out, err = self(do, json=True)
        assert code == 0, err
        return json.loads(out)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        async def serve() -> httpx.Response:
            answer = await self.gateway.client.send(
                self.gateway.client.build_request(
                    request.method, request.url, headers=request.headers, content=request.read()
                )
            )
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )

        with capture_logs():
            return asyncio.run(serve())


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "volumes", capsys)


def everything(q: Quarantine) -> None:
    q.list_studies(code=None, since=None, until=None, limit=100)


def test_an_empty_quarantine_is_reported(terminal: Terminal) -> None:
    assert terminal(everything) == (0, "nothing is in quarantine\n", "")


def test_studies_are_listed_with_their_errors(terminal: Terminal) -> None:
    study_id = terminal.gateway.quarantine(
        (TEXT, NOT_DICOM), (IMAGE, TRUNCATED), (IMAGE, TRUNCATED), label="trial-42"
    )
    code, out, _ = terminal(everything)
    row = out.splitlines()[1]
    assert code == 0
    assert row.startswith(str(study_id))
    assert "trial-42" in row
    assert f"{TRUNCATED} (2), {NOT_DICOM} (1)" in row


def test_more_studies_than_the_limit_are_mentioned(terminal: Terminal) -> None:
    for _ in range(3):
        terminal.gateway.quarantine((TEXT, NOT_DICOM))

    def two(q: Quarantine) -> None:
        q.list_studies(code=NOT_DICOM, since=None, until=None, limit=2)

    _, out, _ = terminal(two)
    assert out.splitlines()[-1] == "and more; --limit shows them"
    listed = terminal.json(two)
    assert (len(listed["studies"]), listed["more"]) == (2, True)
    assert terminal.json(everything)["more"] is False


def test_all_pages_are_read(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdv.client.quarantine.MOST_PER_PAGE", 2)
    made = {str(terminal.gateway.quarantine((TEXT, NOT_DICOM))) for _ in range(5)}
    listed = terminal.json(everything)["studies"]
    assert {study["study_id"] for study in listed} == made
    assert len(listed) == 5


def test_an_invalid_query_is_refused(terminal: Terminal) -> None:
    code, _, err = terminal(
        lambda q: q.list_studies(code=None, since="yesterday", until=None, limit=1)
    )
    assert code == 2
    assert err.startswith("hdv quarantine: Invalid request: query.since")


def test_a_study_is_shown_with_findings_and_resubmissions(terminal: Terminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    again = terminal.json(
        lambda q: q.resubmit(study_id, ["000002.dcm"], profile=None, fixed=None, wait=False)
    )
    code, out, _ = terminal(lambda q: q.show(study_id))
    assert code == 0
    assert f"as study {again['upload']['study_id']}" in out
    assert "000001.dcm" in out
    assert f"{TRUNCATED}: It is wrong." in out
    assert "IM2" in out


def test_an_unknown_study_is_reported(terminal: Terminal) -> None:
    code, out, err = terminal(lambda q: q.show(uuid4()))
    assert (code, out) == (2, "")
    assert err.startswith("hdv quarantine: Study not in quarantine: Nothing of study")


# download


def test_files_are_downloaded_byte_for_byte_into_a_folder_named_after_the_study(
    terminal: Terminal, tmp_path: Path
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    to = tmp_path / "here"
    for _ in range(2):  # files that are there already are left as they are
        code, out, err = terminal(lambda q: q.download(study_id, [], to))
        assert code == 0, err
    folder = to / str(study_id)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "000001.dcm": TEXT,
        "000002.dcm": IMAGE,
    }
    assert f"{folder / '000001.dcm'}  IM1" in out


def test_only_the_named_file_is_downloaded(terminal: Terminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    terminal(lambda q: q.download(study_id, ["000002.dcm"], tmp_path))
    assert [path.name for path in (tmp_path / str(study_id)).iterdir()] == ["000002.dcm"]


def test_nothing_is_overwritten(terminal: Terminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    path = tmp_path / str(study_id) / "000001.dcm"
    path.parent.mkdir()
    path.write_bytes(b"mine")
    code, _, err = terminal(lambda q: q.download(study_id, [], tmp_path))
    assert (code, path.read_bytes()) == (2, b"mine")
    assert "another file has this name" in err


def test_bytes_with_another_hash_are_not_kept(terminal: Terminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    stored = terminal.gateway.volumes.quarantined(study_id) / "000001.dcm"
    stored.write_bytes(b"rotten")
    code, _, err = terminal(lambda q: q.download(study_id, [], tmp_path / "here"))
    assert code == 2
    assert "another SHA-256" in err
    assert list((tmp_path / "here" / str(study_id)).iterdir()) == []


def test_a_folder_that_cannot_be_written_is_reported(terminal: Terminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    (tmp_path / "here").write_bytes(b"")
    code, _, err = terminal(lambda q: q.download(study_id, [], tmp_path / "here"))
    assert code == 2
    assert "Not a directory" in err


# resubmit


def resubmitted(terminal: Terminal, study_id: UUID, *names: str, **options: Any) -> Path:
    """The directory of the upload that a command made."""
    given = {"profile": None, "fixed": None, "wait": False, **options}
    answer = terminal.json(lambda q: q.resubmit(study_id, names, **given))
    return terminal.gateway.volumes.uploaded(UUID(answer["upload"]["study_id"]))


def test_a_study_is_resubmitted(terminal: Terminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    directory = resubmitted(terminal, study_id, profile="lenient")
    assert {path.read_bytes() for path in directory.glob("*.dcm")} == {TEXT, IMAGE}
    assert json.loads((directory / "intake.json").read_bytes())["profile"] == "lenient"


def test_a_file_is_resubmitted(terminal: Terminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    directory = resubmitted(terminal, study_id, "000002.dcm")
    assert [path.read_bytes() for path in directory.glob("*.dcm")] == [IMAGE]


def test_a_fixed_file_replaces_one(terminal: Terminal, tmp_path: Path) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    (tmp_path / "fixed").write_bytes(FIXED)
    directory = resubmitted(
        terminal, study_id, "000002.dcm", fixed=str(tmp_path / "fixed"), profile="strict"
    )
    assert [path.read_bytes() for path in directory.glob("*.dcm")] == [FIXED]


@pytest.mark.parametrize("names", [[], ["000001.dcm", "000002.dcm"]])
def test_a_fixed_file_replaces_exactly_one(
    terminal: Terminal, tmp_path: Path, names: list[str]
) -> None:
    (tmp_path / "fixed").write_bytes(FIXED)
    code, _, err = terminal(
        lambda q: q.resubmit(
            uuid4(), names, profile=None, fixed=str(tmp_path / "fixed"), wait=False
        )
    )
    assert code == 2
    assert "needs the name of the one file" in err


# delete and purge


def test_nothing_is_deleted_without_confirmation(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM), age_seconds=DAY)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    for command in (
        lambda q: q.delete(study_id, [], confirmed=False),
        lambda q: q.purge(0, dry_run=False, confirmed=False),
    ):
        code, _, err = terminal(command)
        assert code == 2
        assert "--yes" in err
    assert terminal.gateway.files(study_id) == {"000001.dcm"}


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2)])
def test_at_a_terminal_the_command_asks_for_confirmation(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    asked = []

    def confirm(question: str, **_: Any) -> bool:
        asked.append(question)
        return answer == "y"

    monkeypatch.setattr("hdv.client.quarantine.sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("hdv.client.quarantine.sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("hdv.client.quarantine.typer.confirm", confirm)
    assert terminal(lambda q: q.delete(study_id, [], confirmed=False))[0] == code
    assert asked == [f"Delete 1 file of study {study_id} permanently?"]
    assert terminal.gateway.volumes.quarantined(study_id).exists() is (answer == "n")


def interrupted(*_: object, **__: object) -> bool:
    raise typer.Abort


def test_ctrl_c_at_the_prompt_deletes_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    monkeypatch.setattr("hdv.client.quarantine.sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("hdv.client.quarantine.sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("hdv.client.quarantine.typer.confirm", interrupted)
    assert terminal(lambda q: q.delete(study_id, [], confirmed=False))[0] == 130
    assert terminal.gateway.files(study_id) == {"000001.dcm"}


def test_a_file_or_a_study_is_deleted(terminal: Terminal) -> None:
    study_id = terminal.gateway.quarantine(*[(bytes([n]), NOT_DICOM) for n in range(3)])
    code, out, _ = terminal(lambda q: q.delete(study_id, ["000001.dcm"], confirmed=True))
    assert (code, out) == (0, f"deleted 1 file of study {study_id}\n")
    assert terminal.gateway.files(study_id) == {"000002.dcm", "000003.dcm"}
    removed = terminal.json(lambda q: q.delete(study_id, [], confirmed=True))
    assert removed == {"removed": ["000002.dcm", "000003.dcm"]}
    assert not terminal.gateway.volumes.quarantined(study_id).exists()


def test_an_unknown_file_deletes_nothing(terminal: Terminal) -> None:
    study_id = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    code, _, err = terminal(lambda q: q.delete(study_id, ["000001.dcm", "x"], confirmed=True))
    assert code == 2
    assert "no file x" in err
    assert terminal.gateway.files(study_id) == {"000001.dcm"}


def test_all_old_studies_are_purged_in_several_requests(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.quarantine.removal.MOST_AT_ONCE", 2)
    for _ in range(5):
        terminal.gateway.quarantine((TEXT, NOT_DICOM), age_seconds=2 * DAY)
    kept = terminal.gateway.quarantine((TEXT, NOT_DICOM))
    code, out, _ = terminal(lambda q: q.purge(1, dry_run=True, confirmed=False))
    assert code == 0
    assert out.splitlines()[-1] == "would be deleted: 2 files of 2 studies, and 3 more studies"
    _, out, _ = terminal(lambda q: q.purge(1, dry_run=False, confirmed=True))
    assert out.splitlines()[-1] == "deleted: 5 files of 5 studies"
    assert [s["study_id"] for s in terminal.json(everything)["studies"]] == [str(kept)]
