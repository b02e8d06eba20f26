"""`hdv up` with real processes, a real Redis and Ctrl-C."""

import contextlib
import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import pytest
import redis
from pydicom.data import get_testdata_file

from kit.pipeline import until
from kit.ports import free_ports
from kit.processes import processes_of

HDV = [sys.executable, "-m", "hdv"]


class Up:
    """A running `hdv up`."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.log = data.parent / "log.jsonl"
        self.port = free_ports(6)
        command = [*HDV, "up", "--data", str(data), "--port", str(self.port), *arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.PIPE, text=True, env=environment()
            )
        self.announcement = ""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.announcement += line
            if line.startswith("Ctrl-C"):
                break

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        until(lambda: not self.processes, "the end of all", seconds=45)

    @property
    def processes(self) -> dict[int, list[str]]:
        """All processes below it."""
        return processes_of(self.data / "run")

    def service(self, name: str) -> set[int]:
        """The processes of a service."""
        return {pid for pid, command in self.processes.items() if command[-2:] == ["-m", name]}

    def url(self, offset: int = 0) -> str:
        return f"http://127.0.0.1:{self.port + offset}"

    def upload(self, name: str, content: bytes) -> str:
        answer = httpx2.post(f"{self.url()}/upload", files={"file": (name, content)}, timeout=30)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["study_id"])

    def status(self, study_id: str) -> dict[str, Any]:
        record: dict[str, Any] = httpx2.get(f"{self.url()}/status/{study_id}", timeout=30).json()
        return record

    def await_state(self, study_id: str, state: str) -> None:
        until(lambda: self.status(study_id)["status"] == state, f"study to be {state}")


def environment(**changes: str) -> dict[str, str]:
    """Our environment, but of our settings only these; a full disk is not what is tested."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HDV_")}
    return {**kept, "HDV_GATEWAY__MIN_FREE_BYTES": "1000000", **changes}


def sockets(pid: int) -> int:
    """How many sockets a process has."""
    number = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has just been closed
            number += str(entry.readlink()).startswith("socket:")
    return number


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    data = tmp_path_factory.mktemp("up") / 'it\'s 100% "odd"; #1'
    with Up(data, "--gateways", "2", "--validators", "2") as running:
        assert running.announcement.endswith("Ctrl-C stops everything.\n"), running.announcement
        yield running


def test_an_uploaded_image_is_archived_byte_for_byte(up: Up, ct: bytes) -> None:
    study_id = up.upload("CT_small.dcm", ct)
    up.await_state(study_id, "archived")
    archived = up.data / "archive" / study_id
    assert {file.name for file in archived.iterdir()} == {"original.dcm", "metadata.json"}
    assert (archived / "original.dcm").read_bytes() == ct


def test_the_line_to_try_can_be_pasted_as_it_is(up: Up) -> None:
    [line] = [line for line in up.announcement.splitlines() if line.startswith("  curl ")]
    curl, option, form, url = shlex.split(line)
    assert (curl, option, url) == ("curl", "-F", f"{up.url()}/upload")
    sample = get_testdata_file("CT_small.dcm", download=False)
    assert sample
    assert Path(form.removeprefix("file=@")).samefile(sample)


def test_a_text_file_fails(up: Up) -> None:
    up.await_state(up.upload("note.dcm", b"This is no DICOM file.\n"), "failed")


def test_a_killed_validator_comes_back_and_work_goes_on(up: Up, ct: bytes) -> None:
    victim, _ = up.service("validator")
    os.kill(victim, signal.SIGKILL)
    up.await_state(up.upload("CT_small.dcm", ct), "archived")
    until(lambda: len(up.service("validator") - {victim}) == 2, "a new validator")
    until(lambda: all(is_ready(up.url(offset)) for offset in range(5)), "all to be ready")


def test_gateways_share_the_connections(up: Up) -> None:
    until(lambda: len(up.service("gateway")) == 2, "two gateways")
    idle = {pid: sockets(pid) for pid in up.service("gateway")}
    connections = [socket.create_connection(("127.0.0.1", up.port)) for _ in range(64)]
    try:
        until(lambda: all(sockets(pid) > number for pid, number in idle.items()), "both to serve")
    finally:
        for connection in connections:
            connection.close()


def test_a_gateway_killed_among_uploads_loses_none_that_it_has_accepted(up: Up, ct: bytes) -> None:
    [victim, _] = up.service("gateway")
    accepted: list[str] = []
    for number in range(20):
        if number == 10:
            os.kill(victim, signal.SIGKILL)
        try:
            accepted.append(up.upload("CT_small.dcm", ct))
        except httpx2.TransportError:
            assert number >= 10  # the connection was the killed one's
    assert len(accepted) >= 10
    for study_id in accepted:
        up.await_state(study_id, "archived")
    until(lambda: len(up.service("gateway") - {victim}) == 2, "a new gateway")


def test_redis_answers_only_with_its_password_which_no_other_user_can_read(up: Up) -> None:
    url = (up.data / "redis" / "url").read_text().strip()
    place = urlsplit(url)
    password = place.password
    assert password
    assert place.hostname == "127.0.0.1"
    with redis.Redis.from_url(url) as known, redis.Redis(port=place.port or 0) as unknown:
        assert known.ping()
        assert known.config_get("bind")["bind"] == "127.0.0.1"
        with pytest.raises(redis.AuthenticationError):
            unknown.ping()

    readable = [
        file
        for file in [up.log, *up.data.rglob("*")]
        if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    ]
    assert up.data / "redis" / "redis.log" in readable
    assert not any(password.encode() in file.read_bytes() for file in readable)
    assert password not in up.announcement
    assert not any(password in part for command in up.processes.values() for part in command)


def test_no_other_user_can_read_or_change_anything(up: Up, ct: bytes) -> None:
    study_id = up.upload("CT_small.dcm", ct)
    up.await_state(study_id, "archived")
    up.await_state(up.upload("note.dcm", b"This is no DICOM file.\n"), "failed")
    found = {path: path.lstat().st_mode for path in (up.data, *up.data.rglob("*"))}
    assert up.data / "archive" / study_id / "metadata.json" in found
    open_to_others = [
        str(path)
        for path, mode in found.items()
        if mode & (stat.S_IRWXO | stat.S_IWGRP) and not stat.S_ISSOCK(mode)
    ]
    assert open_to_others == []


def test_hdv_events_finds_the_redis_of_a_running_hdv_up(up: Up, ct: bytes) -> None:
    study_id = up.upload("CT_small.dcm", ct)
    up.await_state(study_id, "archived")
    result = subprocess.run(
        [*HDV, "events", "verify", "--data", str(up.data)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/ready", timeout=5).is_success
    except httpx2.TransportError:
        return False


def refusal(*arguments: str, **changes: str) -> str:
    """The one line with which `hdv up` refuses to start."""
    result = subprocess.run(
        [*HDV, "up", *arguments],
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    return line


def test_a_second_one_on_the_same_data_is_refused_in_one_line(up: Up) -> None:
    assert refusal("--data", str(up.data)) == (
        f"hdv up: another `hdv up` (process {up.process.pid}) runs on {up.data}: "
        "stop it first, or choose another directory with --data"
    )


def test_a_taken_port_is_one_line_that_names_the_option(up: Up, tmp_path: Path) -> None:
    port = up.port - 1
    assert refusal("--data", str(tmp_path), "--port", str(port)) == (
        f"hdv up: status cannot listen on 127.0.0.1:{up.port} "
        "(Address already in use): change it with --port"
    )


def test_an_unavailable_redis_is_one_line(tmp_path: Path) -> None:
    port = free_ports(4)
    line = refusal(
        "--data", str(tmp_path), "--port", str(port), HDV_REDIS_URL=f"redis://127.0.0.1:{port}/0"
    )
    assert line.startswith("hdv up: the Redis of HDV_REDIS_URL cannot be used: ")
    assert line.endswith("Connection refused.")


def test_a_broken_config_is_one_line(tmp_path: Path) -> None:
    config = tmp_path / "validator.json"
    config.write_text("{")
    line = refusal(
        "--data",
        str(tmp_path / "data"),
        "--port",
        str(free_ports(4)),
        HDV_VALIDATOR_CONFIG=str(config),
    )
    assert line.startswith(f"hdv up: validator: {config} is not valid JSON")


def test_sigterm_stops_everything_and_the_next_start_has_all_data(up: Up, ct: bytes) -> None:
    study_id = up.upload("CT_small.dcm", ct)
    up.await_state(study_id, "archived")
    up.process.terminate()
    _, said = up.process.communicate(timeout=40)
    assert up.process.returncode == 0
    assert said.splitlines()[-1] == "Stopping …"
    assert up.processes == {}

    with Up(up.data) as again:
        assert again.status(study_id)["status"] == "archived"
        again.process.kill()
        until(lambda: not again.processes, "the end of all", seconds=45)


def test_stdout_is_the_services_log_and_nothing_else(up: Up) -> None:
    services = {json.loads(line)["service"] for line in up.log.read_text().splitlines()}
    assert services == {"gateway", "status", "validator", "descriptor"}
