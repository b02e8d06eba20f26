"""This software as `hdv up` runs it: its processes, its Valkey, and its events as they come."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from benchmarks.accounting import ProcessTree
from benchmarks.ports import free_ports

_READY_SECONDS = 60
_STOP_SECONDS = 45
_SECONDS = 900
"""How long studies may take at most."""
_REDIS = {"valkey-server", "redis-server"}
_VALIDATED = "study.validated"
_ARCHIVED = "study.archived"
_FAILURES = ("study.validation.failed", "study.processing.failed")


class StudyFailedError(Exception):
    """A study was not archived."""


class Ours:
    """A running `hdv up` with a data directory of its own and default settings.

    Args:
        directory: for its data and its log.
        validators: how many processes of the validator there are.
        environment: settings, and whatever else its processes shall find there.

    Attributes:
        url: of the gateway.
        ready_seconds: how long it took until it was ready.
        ready_cpu_seconds: the CPU time of all processes until then.
        tree: its processes.
        parts: those of each service, and of Redis.
        log: the file that all its processes log to.
    """

    def __init__(
        self, directory: Path, *, validators: int = 1, environment: Mapping[str, str] | None = None
    ) -> None:
        directory.mkdir(parents=True)
        port = free_ports(8)
        self._address = ("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}"
        self.log = directory / "log.jsonl"
        data = directory / "data"
        command = [
            sys.executable, "-m", "hdv", "up", "--data", str(data),
            "--port", str(port), "--validators", str(validators),
        ]  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HDV_")}
        started = time.perf_counter()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.PIPE,
                text=True,
                env={**kept, **(environment or {})},
            )
        assert self._process.stderr is not None  # noqa: S101 -- a pipe was asked for
        said = []
        for line in self._process.stderr:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
        else:
            raise ChildProcessError("".join(said))
        self.ready_seconds = time.perf_counter() - started
        self.tree = ProcessTree(self._process.pid)
        self.ready_cpu_seconds = self.tree.cpu_seconds()
        self.parts = {name: ProcessTree(pid) for pid in self.tree.pids() if (name := _part(pid))}
        redis_url = (data / "redis" / "url").read_text().strip()
        # Typed as Any: redis-py's answers are unions of everything a server might say.
        self.redis: Any = redis.Redis.from_url(redis_url, decode_responses=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.redis.close()
        self._process.terminate()
        try:
            self._process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def pids(self, service: str) -> list[int]:
        """The processes of a service, with their pools."""
        own = [pid for pid in self.tree.pids() if _part(pid) == service]
        return [pid for root in own for pid in ProcessTree(root).pids()]

    @contextmanager
    def frozen(self, *services: str) -> Iterator[None]:
        """Stop services while the context lasts: they keep what they have, and do nothing."""
        pids = [pid for service in services for pid in self.pids(service)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def events(self) -> "Events":
        """The events from now on."""
        return Events(self, self.redis.pubsub(ignore_subscribe_messages=True))

    def state(self, study_id: str) -> str:
        """The status of a study."""
        connection = http.client.HTTPConnection(*self._address, timeout=30)
        connection.request("GET", f"/status/{study_id}")
        record: dict[str, Any] = json.load(connection.getresponse())
        connection.close()
        return str(record["status"])


def _read(pid: int, file: str) -> str:
    """What Linux says of a process; empty if it has just ended."""
    try:
        return Path("/proc", str(pid), file).read_text()
    except OSError:
        return ""


def _part(pid: int) -> str:
    """The part of which a process is the first one; empty if it is of none."""
    match _read(pid, "cmdline").split("\0")[:-1]:
        case [*_, "-m", ("gateway" | "validator" | "descriptor" | "status") as service]:
            return service
        case _:
            return "Redis" if _read(pid, "comm").strip() in _REDIS else ""


def environment_of(pid: int) -> dict[str, str]:
    """The environment that a process was started with."""
    pairs = _read(pid, "environ").split("\0")[:-1]
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


class Events:
    """Waits until studies are archived: by the live channel, which costs the server least.

    Args:
        ours: the running software.
        subscription: to the channels of the events.
    """

    def __init__(self, ours: Ours, subscription: Any) -> None:  # noqa: ANN401 -- as above
        self._ours = ours
        self._subscription = subscription
        self._subscription.subscribe(_VALIDATED, _ARCHIVED, *_FAILURES)
        # The server has confirmed the subscription when it has answered this.
        self._subscription.get_message(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._subscription.close()

    def await_archived(self, studies: int) -> None:
        """Wait for so many studies, and until the status of the last one says so as well.

        Raises:
            StudyFailedError: one was not archived, or not in time.
        """
        last = self._await(_ARCHIVED, studies)
        while self._ours.state(last) != "archived":
            time.sleep(0.002)

    def await_validated(self, studies: int) -> None:
        """Wait until so many studies are validated.

        Raises:
            StudyFailedError: one was not, or not in time.
        """
        self._await(_VALIDATED, studies)

    def _await(self, channel: str, studies: int) -> str:
        """Wait for so many events; the study of the last one."""
        found: set[str] = set()
        deadline = time.monotonic() + _SECONDS
        study_id = ""
        while len(found) < studies:
            message = self._subscription.get_message(timeout=1)
            if message and message["channel"] in {channel, *_FAILURES}:
                study_id = json.loads(message["data"])["subject"]
                if message["channel"] != channel:
                    raise StudyFailedError(f"{study_id}: {message['channel']}")
                found.add(study_id)
            elif time.monotonic() > deadline:
                raise StudyFailedError(f"{channel}: {len(found)} of {studies} studies")
        return study_id
