"""The real processes on a real Redis, for tests that need them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import redis

from hdv.up.redis_server import find_binary
from kit.ports import free_port

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 60.0
"""How long a test waits for anything at most; slow machines take their time."""

ALL = ("status", "validator", "descriptor", "gateway")
"""The services, in the order in which they are started."""

TOKEN = "integration-token"
"""What the services have in common."""

T = TypeVar("T")


def until(probe: Callable[[], T | None], what: str, seconds: float = DEADLINE_SECONDS) -> T:
    """Ask again and again until the answer is true; fail when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class RedisServer:
    """A real Valkey or Redis with its own directory, on a free port.

    Args:
        directory: for its data.
        binary: the server; the one that `hdv up` would run when None.

    Attributes:
        environment: what it gets beside the variables of this process when it is started.
    """

    def __init__(self, directory: Path, binary: Path | None = None) -> None:
        self.directory = directory
        self.binary = binary or find_binary().path
        self.environment: dict[str, str] = {}
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        # Typed as Any: redis-py's answers are unions of everything a server might say.
        self.client: Any = redis.Redis(port=self.port, decode_responses=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [
                str(self.binary), "--port", str(self.port), "--bind", "127.0.0.1",
                "--appendonly", "yes", "--save", "", "--dir", str(self.directory),
            ],
            stdout=subprocess.DEVNULL,
            env=os.environ | self.environment,
        )  # fmt: skip
        until(self._answers, "Redis")

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False


class Pipeline:
    """The four services, each a process, with their own volumes and ports."""

    def __init__(self, directory: Path, redis_url: str) -> None:
        self.directory = directory
        self.uploads = directory / "uploads"
        self.quarantine = directory / "quarantine"
        self.archive = directory / "archive"
        self.ports = {"gateway": free_port(), "status": free_port()}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.url = f"http://127.0.0.1:{self.ports['gateway']}"
        self.http = httpx2.Client(base_url=self.url, timeout=30)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HDV_")},
            "HDV_REDIS_URL": redis_url,
            "HDV_STATUS_URL": f"http://127.0.0.1:{self.ports['status']}",
            "HDV_UPLOADS_DIR": str(self.uploads),
            "HDV_QUARANTINE_DIR": str(self.quarantine),
            "HDV_ARCHIVE_DIR": str(self.archive),
            "HDV_AUDIT_DIR": str(directory / "audit"),
            "HDV_GATEWAY__MIN_FREE_BYTES": "1000000",
            "HDV_INTERNAL_TOKEN": TOKEN,
            "HDV_KEYS_FILE": str(directory / "keys.json"),
            # dicomweb-client leaves the port out of `Host`.
            "HDV_GATEWAY__PUBLIC_URL": self.url,
        }

    def start(self, *names: str, **environment: str) -> None:
        """Start services and wait until they are ready; `validator-2` is one more validator."""
        for name in names:
            self.spawn(name, **environment)
        for name in names:
            until(partial(self._ready, name), f"{name} to be ready")

    def spawn(self, name: str, **environment: str) -> None:
        """Start a service; it will be ready later."""
        service = name.partition("-")[0]
        port = self.ports.setdefault(name, free_port())
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", service],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it marks all processes of the service
                env={
                    **self.environment,
                    f"HDV_{service.upper()}__PORT": str(port),
                    **environment,
                },
            )

    def start_all(self, **environment: str) -> None:
        self.start(*ALL, **environment)

    def stop(self, name: str) -> int:
        """Stop a service in an orderly way; its exit code."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(timeout=DEADLINE_SECONDS)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def pause(self, name: str) -> None:
        """Freeze a process: it holds what it has, and does nothing."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.http.close()

    def upload(self, content: bytes, name: str = "image.dcm") -> str:
        """Upload a file; the study's id."""
        answer = self.http.post("/upload", files={"file": (name, content)})
        assert answer.status_code == 202, answer.text
        study_id: str = answer.json()["study_id"]
        return study_id

    def status(self, study_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/status/{study_id}")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record

    def wait_for(
        self, study_id: str, state: str, seconds: float = DEADLINE_SECONDS
    ) -> dict[str, Any]:
        """Wait until a study has come to a state; its record."""

        def reached() -> dict[str, Any] | None:
            record = self.status(study_id)
            return record if record["status"] == state else None

        return until(reached, f"study to be {state}", seconds)

    def metric(self, name: str, pattern: str) -> float:
        """The sum of a service's metrics whose line matches a pattern."""
        url = f"http://127.0.0.1:{self.ports[name]}/metrics"
        text = httpx2.get(url, headers={"Authorization": f"Bearer {TOKEN}"}).text
        return sum(
            float(line.rpartition(" ")[2]) for line in text.splitlines() if re.match(pattern, line)
        )

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text()

    def _ready(self, name: str) -> bool:
        process = self.processes[name]
        assert process.poll() is None, f"{name} ended with {process.returncode}:\n{self.log(name)}"
        try:
            url = f"http://127.0.0.1:{self.ports[name]}/health/ready"
            return self.http.get(url, timeout=5).status_code == 200
        except httpx2.TransportError:
            return False


@contextlib.contextmanager
def started(
    directory: Path, *names: str, **environment: str
) -> Iterator[tuple[Pipeline, RedisServer]]:
    """Services on a Redis of their own, all four unless some are named."""
    server = RedisServer(directory / "redis")
    server.start()
    pipeline = Pipeline(directory, server.url)
    try:
        pipeline.start(*(names or ALL), **environment)
        yield pipeline, server
    finally:
        pipeline.close()
        server.stop()
