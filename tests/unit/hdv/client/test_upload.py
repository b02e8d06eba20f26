"""`hdv upload`: the request, the output and the exit code."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import Result

from hdv.client import upload_outcome
from hdv.client.outgoing import LazyFile, OutgoingFile
from hdv.exit import CommandError
from kit.terminal import Server as Answers
from kit.terminal import Terminal, tree

STUDY = "0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"
OTHER = "3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22"
TIME = "2026-03-01T09:30:00Z"


Upload = Callable[..., Result]


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch) -> Upload:
    """Runs `hdv upload` with a server and arguments."""

    def run(server: Answers, *arguments: object) -> Result:
        return Terminal(server, monkeypatch)("upload", *arguments)

    return run


def record(status: str, study_id: str = STUDY, **more: Any) -> dict[str, Any]:
    return {"study_id": study_id, "status": status, "updated_at": TIME, **more}


def file(sent_as: str, outcome: str = "accepted", **more: Any) -> dict[str, Any]:
    return {"sent_as": sent_as, "outcome": outcome, "findings": [], **more}


def finding(code: str, severity: str = "error", **more: Any) -> dict[str, Any]:
    return {"code": code, "severity": severity, "message": "It is wrong.", "count": 1, **more}


def counts(**numbers: int) -> dict[str, Any]:
    return {"files": {"received": 0, "accepted": 0, "rejected": 0, **numbers}}


class Server:
    """A gateway that accepts every upload and answers with given records."""

    def __init__(
        self,
        *records: dict[str, Any],
        files: list[dict[str, Any]] | None = None,
        findings: list[dict[str, Any]] | None = None,
    ) -> None:
        self.uploads: list[httpx2.Request] = []
        self.bodies: list[bytes] = []
        self.fails: list[httpx2.Response | Exception] = []
        self._records: dict[str, list[dict[str, Any]]] = {}
        for each in records:
            self._records.setdefault(each["study_id"], []).append(each)
        self._report = {"findings": findings or [], "files": files or []}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path == "/upload":
            self.uploads.append(request)
            self.bodies.append(request.read())
            if self.fails:
                failure = self.fails.pop(0)
                if isinstance(failure, Exception):
                    raise failure
                return failure
            body = {"study_id": STUDY, "status": "uploaded", "status_url": f"/status/{STUDY}"}
            return httpx2.Response(202, json=body)
        if path.startswith("/status/"):
            left = self._records[path.rpartition("/")[2]]
            return httpx2.Response(200, json=left.pop(0) if len(left) > 1 else left[0])
        assert path == f"/studies/{STUDY}/report"
        return httpx2.Response(200, json=self._report)

    def sent(self) -> dict[str, bytes]:
        """The files of the last upload by the names that they were sent under."""
        return {
            name: content
            for headers, content in parts(self.uploads[-1], self.bodies[-1])
            if (name := headers.get("filename"))
        }

    def fields(self) -> dict[str, str]:
        return {
            headers["name"]: content.decode()
            for headers, content in parts(self.uploads[-1], self.bodies[-1])
            if "filename" not in headers
        }


def parts(request: httpx2.Request, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    found = []
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
        disposition = head.split(b"\r\n")[0].decode()
        pairs = [pair.strip().split("=", 1) for pair in disposition.split(";")[1:]]
        found.append(({key: value.strip('"') for key, value in pairs}, content))
    return found


# the request


def test_a_folder_is_sent_in_one_upload_with_names_relative_to_it(
    upload: Upload, tmp_path: Path
) -> None:
    study = tree(tmp_path / "study", a__IM1=b"one", b__IM1=b"two", IM0=b"three")
    server = Server()
    assert upload(server, study).exit_code == 0
    assert server.sent() == {"a/IM1": b"one", "b/IM1": b"two", "IM0": b"three"}
    [request] = server.uploads
    assert int(request.headers["content-length"]) == len(server.bodies[0])


def test_with_several_paths_names_begin_with_the_folder(upload: Upload, tmp_path: Path) -> None:
    tree(tmp_path, one__IM1=b"one", two__IM1=b"two", IM2=b"three")
    server = Server()
    assert upload(server, tmp_path / "one", tmp_path / "two", tmp_path / "IM2").exit_code == 0
    assert server.sent() == {"one/IM1": b"one", "two/IM1": b"two", "IM2": b"three"}


def test_a_file_is_sent_under_its_name_without_its_folders(
    upload: Upload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, deep__down__IM1=b"one")
    monkeypatch.chdir(tmp_path)
    server = Server()
    assert upload(server, Path("deep/down/../down/IM1")).exit_code == 0
    assert server.sent() == {"IM1": b"one"}


def test_an_archive_is_sent_as_it_is(upload: Upload, tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("IM1", b"one")
    server = Server()
    assert upload(server, path).exit_code == 0
    assert server.sent() == {"study.zip": path.read_bytes()}
    assert upload(server, tmp_path).exit_code == 0
    assert server.sent() == {"study.zip": path.read_bytes()}


def test_hidden_files_and_media_directories_are_skipped_and_reported(
    tmp_path: Path, upload: Upload
) -> None:
    tree(tmp_path, IM1=b"one", DICOMDIR=b"x", sub__DICOMDIR=b"x")
    (tmp_path / ".DS_Store").touch()
    server = Server()
    result = upload(server, tmp_path)
    assert result.exit_code == 0
    assert server.sent() == {"IM1": b"one"}
    assert result.stderr == "skipped: 2 media directory, 1 hidden\n"


def test_fields_go_with_the_files(upload: Upload, tmp_path: Path) -> None:
    server = Server()
    tree(tmp_path, IM1=b"one")
    upload(
        server, tmp_path, "--profile", "strict", "--label", "trial-42", "--expected-instances", 3
    )
    assert server.fields() == {
        "profile": "strict", "label": "trial-42", "expected_instances": "3",
    }  # fmt: skip
    upload(server, tmp_path)
    assert server.fields() == {}


def test_more_files_than_can_be_open_at_once_are_sent(upload: Upload, tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / f"IM{number}").write_bytes(b"%d" % number)
    opened = []
    server = Server()

    def count_open(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/upload":
            opened.append(len(list(Path("/proc/self/fd").iterdir())))
        return server(request)

    before = len(list(Path("/proc/self/fd").iterdir()))
    assert upload(count_open, tmp_path).exit_code == 0
    assert len(server.sent()) == 1200
    assert opened[0] < before + 10


def test_an_empty_file_is_sent_too(upload: Upload, tmp_path: Path) -> None:
    server = Server()
    tree(tmp_path, IM1=b"", IM2=b"two")
    assert upload(server, tmp_path).exit_code == 0
    assert server.sent() == {"IM1": b"", "IM2": b"two"}


# errors


def test_a_retry_has_the_same_key_and_sends_everything_again(
    upload: Upload, tmp_path: Path
) -> None:
    server = Server()
    server.fails = [
        httpx2.ReadError("broken"),
        httpx2.Response(503, headers={"Retry-After": "1"}, json={"title": "Unavailable"}),
        httpx2.Response(409, headers={"Retry-After": "1"}, json={"title": "in flight"}),
    ]
    assert upload(server, tree(tmp_path, IM1=b"one")).exit_code == 0
    assert len({request.headers["idempotency-key"] for request in server.uploads}) == 1
    assert len(server.uploads) == 4
    assert server.sent() == {"IM1": b"one"}


def test_every_run_has_a_key_of_its_own(upload: Upload, tmp_path: Path) -> None:
    server = Server()
    for _ in range(2):
        upload(server, tree(tmp_path, IM1=b"one"))
    first, second = (request.headers["idempotency-key"] for request in server.uploads)
    assert first != second


@pytest.mark.parametrize(
    ("failure", "code", "line"),
    [
        (httpx2.Response(422, json={"title": "No", "detail": "Empty."}), 2, "No: Empty."),
        (httpx2.Response(507, json={"title": "Full"}), 3, "Full"),
        (httpx2.ConnectError("refused"), 3, "the gateway at http://gateway does not answer: ref"),
    ],
)  # fmt: skip
def test_the_reason_of_a_failure_is_one_line(
    tmp_path: Path,
    upload: Upload,
    failure: httpx2.Response | Exception,
    code: int,
    line: str,
) -> None:
    server = Server()
    server.fails = [failure] * 10
    result = upload(server, tree(tmp_path, IM1=b"one"))
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith(f"hdv upload: {line}")


def test_a_missing_path_is_reported_before_anything_is_sent(tmp_path: Path, upload: Upload) -> None:
    server = Server()
    result = upload(server, tree(tmp_path, IM1=b"one"), tmp_path / "none")
    assert result.exit_code == 2
    assert "none: No such file or directory" in result.stderr
    assert server.uploads == []


def test_a_folder_without_files_is_reported(tmp_path: Path, upload: Upload) -> None:
    result = upload(Server(), tree(tmp_path, DICOMDIR=b"x"))
    assert result.exit_code == 2
    error = result.stderr
    assert error == "hdv upload: there is nothing to upload; skipped: 1 media directory\n"


def test_an_unreadable_file_is_reported_before_anything_is_sent(
    tmp_path: Path, upload: Upload
) -> None:
    server = Server()
    tree(tmp_path, IM1=b"one")
    (tmp_path / "IM2").symlink_to("nowhere")
    result = upload(server, tmp_path)
    assert result.exit_code == 2
    assert "IM2: No such file or directory" in result.stderr
    assert server.uploads == []


def test_a_file_that_becomes_shorter_meanwhile_is_an_error(tmp_path: Path) -> None:
    path = tree(tmp_path, IM1=b"one") / "IM1"
    file = LazyFile(OutgoingFile(str(path), "IM1", 3), lambda _: None)
    os.truncate(path, 1)
    assert file.read(64) == b"o"
    with pytest.raises(CommandError, match="IM1: became shorter while it was sent"):
        file.read(64)


def test_a_file_that_grows_meanwhile_is_sent_at_its_first_length(tmp_path: Path) -> None:
    path = tree(tmp_path, IM1=b"one") / "IM1"
    file = LazyFile(OutgoingFile(str(path), "IM1", 3), lambda _: None)
    path.write_bytes(b"one and more")
    assert file.read(2) + file.read(64) + file.read(64) == b"one"


def test_ctrl_c_ends_the_command_without_a_message(tmp_path: Path, upload: Upload) -> None:
    def interrupt(_: httpx2.Request) -> httpx2.Response:
        raise KeyboardInterrupt

    result = upload(interrupt, tree(tmp_path, IM1=b"one"))
    assert result.exit_code == 130
    assert result.stderr == ""


# output


def test_without_waiting_the_study_is_shown(tmp_path: Path, upload: Upload) -> None:
    result = upload(Server(), tree(tmp_path, IM1=b"one"))
    assert result.exit_code == 0
    assert result.stdout == f"study {STUDY} uploaded: 1 file, 3 bytes\n"


def test_the_result_as_json(tmp_path: Path, upload: Upload) -> None:
    result = upload(Server(), tree(tmp_path, IM1=b"one", DICOMDIR=b"x"), "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "upload": {"study_id": STUDY, "status": "uploaded", "status_url": f"/status/{STUDY}"},
        "skipped": [{"path": str(tmp_path / "DICOMDIR"), "reason": "media directory"}],
    }


def test_the_outcome_of_each_file_is_shown_worst_first(tmp_path: Path, upload: Upload) -> None:
    server = Server(
        record("uploaded"),
        record("validating", **counts(received=4, examined=2)),
        record("archived", **counts(received=4, accepted=2, rejected=1, duplicates=1)),
        files=[
            file("IM1"),
            file("IM2", "rejected", findings=[
                finding("value.odd", "warning"),
                finding("structure.truncated", keyword="PixelData"), finding("file.other"),
            ]),
            file("IM3", "duplicate", findings=[finding("study.instance-duplicate", "info")]),
            file("DICOMDIR", "skipped", reason="media directory"),
        ],
    )  # fmt: skip
    result = upload(server, tree(tmp_path, IM1=b"one"), "--wait")
    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines()]
    assert " ".join(lines[0]) == (
        f"study {STUDY} archived: 4 received, 2 accepted, 1 rejected, 1 duplicate"
    )
    assert [line[:2] for line in lines[2:]] == [
        ["outcome", "file"],
        ["rejected", "IM2"],
        ["duplicate", "IM3"],
        ["accepted", "IM1"],
        ["skipped", "DICOMDIR"],
    ]
    why = " ".join(lines[3][2:])
    assert why == "structure.truncated: PixelData: It is wrong. (also file.other)"


def test_findings_across_files_are_shown_at_each_file(tmp_path: Path, upload: Upload) -> None:
    server = Server(
        record("failed", **counts(received=2, rejected=2)),
        files=[file(f"IM{n}", "rejected", file=f"00000{n}.dcm") for n in (1, 2)],
        findings=[finding("study.instance-conflict", files=["000001.dcm", "000002.dcm"])],
    )  # fmt: skip
    result = upload(server, tree(tmp_path, IM1=b"one"), "--wait")
    assert result.exit_code == 1
    assert result.stdout.count("study.instance-conflict") == 2


def test_a_long_table_is_cut_with_a_note(
    tmp_path: Path, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_outcome, "MOST_ROWS", 2)
    files = [file(f"IM{n}") for n in range(5)] + [file("bad", "rejected")]
    server = Server(record("archived", **counts(accepted=5, rejected=1)), files=files)
    result = upload(server, tree(tmp_path, IM1=b"one"), "--wait")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[-1] == "and 4 accepted; --format json shows all"
    assert [line.split()[1] for line in lines[3:5]] == ["bad", "IM0"]


def test_waiting_includes_the_studies_that_an_upload_was_divided_into(
    tmp_path: Path, upload: Upload
) -> None:
    server = Server(
        record("archived", studies=[OTHER], **counts(accepted=1)),
        record("archiving", OTHER),
        record("archived", OTHER, **counts(accepted=1)),
    )
    result = upload(server, tree(tmp_path, IM1=b"one"), "--wait")
    assert result.exit_code == 0
    assert f"study {OTHER} archived: 1 accepted" in result.stdout


@pytest.mark.parametrize(
    ("final", "code"),
    [
        (record("archived", **counts(accepted=2)), 0),
        (record("archived", **counts(duplicates=2)), 0),
        (record("archived", **counts(accepted=1, rejected=1)), 1),
        (record("failed", **counts(rejected=2)), 1),
        (record("error", reason={"code": "study.missing", "message": "It is gone."}), 1),
    ],
)
def test_the_exit_code_says_whether_all_was_accepted(
    upload: Upload, tmp_path: Path, final: dict[str, Any], code: int
) -> None:
    assert upload(Server(final), tree(tmp_path, IM1=b"one"), "--wait").exit_code == code


def test_after_the_time_limit_the_command_shows_how_to_wait_again(
    tmp_path: Path, upload: Upload
) -> None:
    server = Server(record("validating"))
    result = upload(server, tree(tmp_path, IM1=b"one"), "--wait", "--timeout", 100)
    assert result.exit_code == 3
    assert result.stderr == (
        f"hdv upload: stopped after 100 seconds; study {STUDY} is still validating: "
        f"hdv status {STUDY} --watch waits for it\n"
    )


def test_control_characters_in_names_are_escaped(tmp_path: Path, upload: Upload) -> None:
    files = [file("\x1b[2J[red]IM1", "rejected", findings=[finding("a.b", message="\x1b[2J")])]
    server = Server(record("failed", **counts(rejected=1)), files=files)
    result = upload(server, tree(tmp_path, IM1=b"one"), "--wait")
    shown = result.stdout
    assert "\x1b" not in shown
    assert r"\x1b[2J[red]IM1" in shown
