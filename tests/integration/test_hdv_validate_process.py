"""`hdv validate` as a process: signals, pipes, terminals and memory."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit.pipeline import until

MANY = 2000
HDV = [sys.executable, "-P", "-m", "hdv", "validate"]


@pytest.fixture
def many(tmp_path: Path, ct: bytes) -> Path:
    """Many files, whose examination takes some time."""
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "0").write_bytes(ct[:-100])
    for number in range(1, MANY):
        os.link(folder / "0", folder / str(number))
    return folder


def start(*arguments: str | Path, **options: object) -> subprocess.Popen[bytes]:
    command = [*HDV, *map(str, arguments)]
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options
    )


def members(session: int) -> set[int]:
    """The processes of a session that still run."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            status = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(status[3]) == session and status[0] != "Z":
            found.add(int(file.parent.name))
    return found


def test_a_study_is_examined_without_server_or_redis(tmp_path: Path, ct: bytes) -> None:
    (tmp_path / "1.dcm").write_bytes(ct)
    result = subprocess.run(
        [*HDV, tmp_path, "--format", "json"],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HDV_REDIS_URL": "redis://127.0.0.1:1/0"},
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout)["summary"]["valid"] == 1


def test_ctrl_c_ends_the_command_at_once_with_all_processes(many: Path) -> None:
    process = start(many, "--jobs", "2")
    assert process.stdout
    process.stdout.readline()
    assert len(members(process.pid)) == 3
    # As the terminal does: to the command and to its processes.
    os.killpg(process.pid, signal.SIGINT)
    started = time.monotonic()
    _, complaints = process.communicate(timeout=5)
    assert time.monotonic() - started < 2
    assert (process.returncode, complaints) == (130, b"")
    assert not members(process.pid)


def test_a_killed_command_leaves_no_process(many: Path) -> None:
    process = start(many, "--jobs", "2")
    assert process.stdout
    process.stdout.readline()
    process.kill()
    process.communicate(timeout=5)
    until(lambda: not members(process.pid), "the end of all processes")


def test_a_closed_output_is_no_traceback(many: Path) -> None:
    process = start(many, "--format", "csv")
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().startswith(b"file,")
    process.stdout.close()
    assert process.wait(timeout=10) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
    assert not members(process.pid)


def test_a_full_disk_is_one_line(many: Path) -> None:
    process = start(many, "--output", "/dev/full")
    _, complaints = process.communicate(timeout=10)
    assert process.returncode == 2
    assert complaints == b"hdv validate: cannot continue: No space left on device\n"


def seen(arguments: list[str | Path], environment: dict[str, str]) -> str:
    """The output on a terminal until the command has ended."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*HDV, *map(str, arguments)],
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"} | environment,
    )
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    process.wait(timeout=10)
    os.close(ours)
    return shown.decode()


def test_a_terminal_shows_colours_and_progress(many: Path) -> None:
    shown = seen([many, "--jobs", "1"], {"NO_COLOR": ""})
    assert "\x1b[31merror" in shown
    assert re.search(r"\r\x1b\[K[\d,]+ of 2,000 files, [\d,]+ invalid, [\d,]+ a second", shown)
    # Nothing of it remains before what is written next.
    assert shown.rpartition(" a second")[2].startswith("\r\x1b[K")


def test_colours_and_progress_can_be_switched_off(many: Path) -> None:
    assert "\x1b[3" not in seen([many / "0"], {"NO_COLOR": "1"})
    assert "\x1b" not in seen([many / "0"], {"NO_COLOR": "", "TERM": "dumb"})
    assert " a second" not in seen([many, "--quiet", "--format", "csv"], {})


@pytest.mark.parametrize("form", ["text", "json", "ndjson"])
def test_memory_does_not_grow_with_the_report(tmp_path: Path, form: str) -> None:
    """That of 2,000 files with one finding each has 3 to 7 MB."""
    program = """
import resource, sys
from hdv.cli import app
try:
    app(["validate", *sys.argv[1:]])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""
    peaks = []
    for count in (1000, 20_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        for number in range(count):
            (folder / str(number)).write_text("no image")
        result = subprocess.run(
            [sys.executable, "-c", program, folder, "--format", form],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        peaks.append(int(result.stderr.split()[-1]) * 1024)
    assert peaks[1] - peaks[0] < 3e6
