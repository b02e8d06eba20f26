"""Keeps processes running under supervisord and leaves none behind.

supervisord, a child in a session of its own, restarts processes that end, and stops everything in
order: first the services, all at once, then the processes that they need. We query it over a socket
in a private directory. It and its processes end with their parents (`hdv.up.bound_process`).
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self, cast

from hdv.up.bound_process import PARENT, bound
from hdv.up.supervisor_config import GRACE_SECONDS, Process, configuration, environment

CONTROL_TIMEOUT_SECONDS = 5.0
GATHER_SECONDS = 0.05
"""After some output has been passed on, how long more of it gathers in the pipe, unless it is full:
a line at a time would cost more than it took to write it."""
_PIPE_BYTES = 65536


class Supervision:
    """A running supervisord with its processes; leaving the context stops all of them.

    Args:
        directory: for supervisord's configuration and log.
        base: the processes that stop last.
        services: the processes that stop first.
        lock: a file that supervisord keeps open as well, for as long as it runs.
    """

    def __init__(
        self,
        directory: Path,
        *,
        base: Sequence[Process],
        services: Sequence[Process],
        lock: IO[str],
    ) -> None:
        self._directory = directory
        self._base = base
        self._services = services
        self._lock = lock

    def __enter__(self) -> Self:
        """Start supervisord, which starts the processes."""
        file = self._directory / "supervisord.conf"
        file.write_text(configuration(self._base, self._services))
        # A socket's path has at most 108 bytes; that of the data directory may be longer.
        self._private = Path(tempfile.mkdtemp(prefix="hdv-"))
        control = self._private / "control"
        self._control = xmlrpc.client.ServerProxy("http://localhost", _UnixTransport(control))
        supervisord = [sys.executable, "-P", "-m", "supervisor.supervisord", "-c", str(file)]
        variables = environment(
            [*self._base, *self._services], run=self._directory, control=control
        )
        self._supervisord = subprocess.Popen(  # noqa: S603 -- our own command line, no shell
            bound(supervisord),
            env=os.environ | variables | {PARENT: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[self._lock.fileno()],
            # Ctrl-C must reach only us, and the session identifies our processes.
            start_new_session=True,
        )
        self._outputs = [
            _pass_on(cast("IO[bytes]", self._supervisord.stdout), 1),
            _pass_on(cast("IO[bytes]", self._supervisord.stderr), 2),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything; no process is left when this returns."""
        self._supervisord.terminate()
        try:
            self._supervisord.wait(2 * GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._supervisord.kill()
            self._supervisord.wait()
        end_session(self._supervisord.pid)
        for output in self._outputs:
            output.join(timeout=1)
        self._control("close")()
        shutil.rmtree(self._private)

    def failure(self) -> str | None:
        """A line about a process that does not run any more; None while all run."""
        code = self._supervisord.poll()
        if code is not None:
            return f"supervisord has ended (exit code {code})"
        try:
            answer = self._control.supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return None  # not listening yet, or about to end: the next call sees the end
        for process in cast("list[dict[str, Any]]", answer):
            if process["statename"] == "FATAL":
                return f"{process['name']} ends as soon as it is started"
        return None


def _pass_on(source: IO[bytes], target: int) -> threading.Thread:
    """Copy an output of supervisord to ours; when the reader of ours is gone, everything stops.

    supervisord does not inherit ours: it opens /dev/fd/1 by name, which fails for a socket or
    another user's terminal.
    """

    def copy() -> None:
        is_read = True
        with source:
            while chunk := os.read(source.fileno(), _PIPE_BYTES):
                is_full = len(chunk) == _PIPE_BYTES
                try:
                    while is_read and chunk:
                        chunk = chunk[os.write(target, chunk) :]
                except OSError:
                    is_read = False
                    os.kill(os.getpid(), signal.SIGTERM)
                if not is_full:
                    time.sleep(GATHER_SECONDS)

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread


def end_session(session: int) -> None:
    """Stop every process of a session whose leader has ended, by force after the grace period."""
    for signal_number, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 5)):
        for process in _members(session):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal_number)
        deadline = time.monotonic() + seconds
        while _members(session) and time.monotonic() < deadline:
            time.sleep(0.05)


def _members(session: int) -> list[int]:
    """The processes of a session without zombies (proc(5))."""
    members = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            # After the name, which may contain anything: state, parent, process group, session.
            state, _, _, number, *_ = file.read_text().rpartition(")")[2].split()
            if int(number) == session and state not in "ZX":
                members.append(int(file.parent.name))
    return members


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ANN401 -- as inherited
        """The connection; the parent class opens, reuses and closes it."""
        connection = self._connection[1] or _UnixConnection(self._path, str(host))
        self._connection = host, connection
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, host: str) -> None:
        super().__init__(host, timeout=CONTROL_TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the path instead of the host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(CONTROL_TIMEOUT_SECONDS)
        self.sock.connect(str(self._path))
