"""The services and their Redis as a supervisor runs them, and what can be done to them."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

import httpx2

from kit.pipeline import Pipeline, RedisServer, until
from kit.processes import parent_of, processes_of
from kit.proxy import Proxy
from kit.volumes import Volumes

CLAIM_SECONDS = 2.0
SETTINGS = {
    **{
        f"HDV_{service}__DELIVERY__CLAIM_IDLE_SECONDS": str(CLAIM_SECONDS)
        for service in ("GATEWAY", "VALIDATOR", "DESCRIPTOR", "STATUS")
    },
    "HDV_GATEWAY__RECOVERY__PERIOD_SECONDS": "3",
    "HDV_GATEWAY__RECOVERY__AFTER_SECONDS": "6",
}
"""What takes half a minute in production may not take that long here."""
ONE_OF_EACH = ("gateway", "validator", "descriptor", "status")
SUPERVISION_SECONDS = 0.2
READY_SECONDS = 600.0
"""How long services may take to start again on a machine that has other things to do."""


class System(Pipeline):
    """Services that are started again when they end, on a Redis behind a proxy.

    Args:
        directory: for volumes, logs and Redis.
        chance: decides what the proxy does.

    Attributes:
        redis: the server.
        proxy: what the services connect to instead.
        restarts: how often the supervisor has started a service again.
    """

    def __init__(self, directory: Path, chance: random.Random) -> None:
        self.redis = RedisServer(directory / "redis")
        self.proxy = Proxy(self.redis.port, chance)
        super().__init__(directory, f"redis://127.0.0.1:{self.proxy.port}/0")
        self.environment["HDV_RUN"] = str(directory)  # marks all processes below
        self.volumes = Volumes.below(directory)
        self.restarts = 0
        self._changes: dict[str, str] = {}
        self._supervised: set[str] = set()
        self._stopped = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise)

    @contextlib.contextmanager
    def running(self, *names: str, **environment: str) -> Iterator["System"]:
        """Run services, one of each if none are named; they are ready when the context begins."""
        self._changes = {**SETTINGS, **environment}
        with self.proxy:
            self.redis.start()
            try:
                for name in names or ONE_OF_EACH:
                    self.spawn(name)
                self._supervisor.start()
                self.await_ready()
                yield self
            finally:
                self._stopped.set()
                if self._supervisor.is_alive():
                    self._supervisor.join()
                self.close()
                self.redis.stop()

    @property
    def gateways(self) -> list[str]:
        """The addresses of all gateways."""
        names = [name for name in self._supervised if name.startswith("gateway")]
        return [f"http://127.0.0.1:{self.ports[name]}" for name in sorted(names)]

    def spawn(self, name: str, **environment: str) -> None:
        super().spawn(name, **{**self._changes, **environment})
        self._supervised.add(name)

    def close(self) -> None:
        """End all processes, those of the pools too."""
        super().close()
        _signal(processes_of(self.directory), signal.SIGKILL)

    def kill(self, *names: str) -> None:
        """Kill services, all at the same time; the supervisor starts them again."""
        for name in names:
            self.processes[name].kill()

    def kill_redis(self) -> None:
        """Kill Redis, and start it again on the same data."""
        self.redis.stop()
        self.redis.start()

    def kill_everything(self) -> None:
        """Kill all services and Redis at the same time, and start all again on the same data."""
        self.kill(*self._supervised)
        self.kill_redis()

    def restart(self, name: str) -> None:
        """Stop a service in an orderly way, and wait until its successor is ready."""
        process = self.processes[name]
        process.terminate()
        until(lambda: self.processes[name] is not process, f"{name} to be started again")
        self.await_ready(name)

    @contextlib.contextmanager
    def down(self, *names: str) -> Iterator[None]:
        """Services do not run while the context lasts."""
        self._supervised -= {*names}
        for name in names:
            super().kill(name)
        try:
            yield
        finally:
            for name in names:
                self.spawn(name)

    @contextlib.contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """All processes of services keep what they have and do nothing while the context lasts."""
        pids = [pid for name in names for pid in self.pids(name)]
        _signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(pids, signal.SIGCONT)

    @contextlib.contextmanager
    def frozen_redis(self) -> Iterator[None]:
        """Redis does nothing while the context lasts."""
        assert self.redis.process
        _signal([self.redis.process.pid], signal.SIGSTOP)
        try:
            yield
        finally:
            _signal([self.redis.process.pid], signal.SIGCONT)

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """Everything is frozen, Redis too, as on a laptop that is closed."""
        with self.frozen_redis(), self.frozen(*self._supervised):
            yield

    def pids(self, name: str) -> list[int]:
        """The processes of a service, those of its pool too."""
        service = self.processes[name].pid
        return [pid for pid in processes_of(self.directory) if _session(pid) == service]

    def fork_servers(self, name: str) -> list[int]:
        """The process from which a service forks those of its pool; there may be none just now."""
        service = self.processes[name].pid
        return [pid for pid in self._forks(name) if parent_of(pid) == service]

    def workers(self, name: str) -> list[int]:
        """The processes in which a service reads files."""
        service = self.processes[name].pid
        return [pid for pid in self._forks(name) if parent_of(pid) != service]

    def _forks(self, name: str) -> list[int]:
        """The fork servers of a service and what they have forked, which is called the same."""
        commands = processes_of(self.directory)
        return [pid for pid in self.pids(name) if "forkserver" in " ".join(commands.get(pid, []))]

    def strays(self) -> list[str]:
        """The command lines of processes that have outlived their service."""
        fine = {None, *(process.pid for process in self.processes.values())}
        found = processes_of(self.directory)
        return [" ".join(found[pid]) for pid in found if _session(pid) not in fine]

    def await_ready(self, *names: str) -> None:
        """Wait until services are ready, all if none are named."""
        for name in names or sorted(self._supervised):
            until(partial(self._is_ready, name), f"{name} to be ready", READY_SECONDS)

    def _is_ready(self, name: str) -> bool:
        """Whether a service is ready; in contrast to one that starts first, it may have ended."""
        with contextlib.suppress(httpx2.TransportError):
            url = f"http://127.0.0.1:{self.ports[name]}/health/ready"
            return self.http.get(url, timeout=5).is_success
        return False

    def _supervise(self) -> None:
        while not self._stopped.wait(SUPERVISION_SECONDS):
            for name in list(self._supervised):
                if self.processes[name].poll() is not None and name in self._supervised:
                    self.restarts += 1
                    self.spawn(name)


def _session(pid: int) -> int | None:
    """The session of a process, which its service leads; None if it has just ended."""
    with contextlib.suppress(ProcessLookupError):
        return os.getsid(pid)
    return None


def _signal(pids: Collection[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def lasting(seconds: float) -> None:
    """Let a fault last: its length is what is tested."""
    time.sleep(seconds)
