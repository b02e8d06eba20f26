"""What a study costs, counted: the same on every machine, however slow."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from benchmarks.load import Request, send
from benchmarks.ours import Events, Ours
from benchmarks.result import Result

COUNTING = Path(__file__).with_name("counting")
COMMANDS, SCRIPTED, ROUND_TRIPS = "Redis commands", "commands in scripts", "round trips to Redis"
MESSAGES, FSYNCS, LINES = "messages", "fsyncs", "log lines"
WRITTEN, READ = "KB written", "KB read"

_RARE = 0.1
"""Commands that are sent less often are not listed."""
_IDLE_SECONDS = 2.0
_SETTLING_SECONDS = 0.5
_CONFIRMATION_SECONDS = 30
_WARM_UP = 2
_END = "end"


def environment(tally: Path) -> dict[str, str]:
    """The environment in which the services count their fsyncs, however full the disk is.

    Args:
        tally: the file to count in.
    """
    return {
        "PYTHONPATH": str(COUNTING),
        "COUNT_FSYNCS_IN": str(tally),
        "HDV_GATEWAY__MIN_FREE_BYTES": "1000000",
    }


def count(
    ours: Ours, tally: Path, uploads: Sequence[Sequence[Path]], *, connections: int = 1
) -> dict[str, float]:
    """Upload files and count what that costs; what the services do while idle is taken off.

    Args:
        ours: services that were started with `environment`.
        tally: as there.
        uploads: the files of each; the first two are not counted.
        connections: how many are sent at the same time; with one, each waits until the one before
            it is archived.

    Returns:
        The counts, an upload each; the commands are also there by their names.
    """
    with ours.events() as events, _Counts(ours, tally) as counts:
        _upload(ours, events, uploads[:_WARM_UP])
        time.sleep(_SETTLING_SECONDS)
        started = time.monotonic()
        before_idle = counts.now()
        time.sleep(_IDLE_SECONDS)
        before = counts.now()
        idle_seconds = time.monotonic() - started
        _upload(ours, events, uploads[_WARM_UP:], connections)
        time.sleep(_SETTLING_SECONDS)
        after = counts.now()
        seconds = time.monotonic() - started - idle_seconds
    counted = len(uploads) - _WARM_UP
    return {
        name: (total - before[name] - (before[name] - before_idle[name]) / idle_seconds * seconds)
        / counted
        for name, total in after.items()
    }


def results(counts: Mapping[str, float], most_commands: float | None = None) -> Iterator[Result]:
    """The counts as rows of a page, each command below their sum.

    Args:
        counts: of `count`.
        most_commands: how many commands there may be.
    """
    for name in (COMMANDS, SCRIPTED, ROUND_TRIPS, MESSAGES, FSYNCS, LINES, WRITTEN, READ):
        yield Result(name, counts[name], most_commands if name == COMMANDS else None, "")
        if name == COMMANDS:
            commands = {name: value for name, value in counts.items() if name.isupper()}
            for command, value in sorted(commands.items(), key=lambda item: -item[1]):
                if value >= _RARE:
                    yield Result(f"  {command}", value, None, "")


def _upload(
    ours: Ours, events: Events, uploads: Sequence[Sequence[Path]], connections: int = 1
) -> None:
    requests = [Request(f"{ours.url}/upload", forms=files) for files in uploads]
    if connections > 1:
        send(requests, connections=connections)
        events.await_archived(len(requests))
        return
    for request in requests:
        send([request])
        events.await_archived(1)


class _Counts:
    """Counts while the context lasts; Redis shows every command (MONITOR).

    Args:
        ours: the running services.
        tally: the file in which they count their fsyncs.
    """

    def __init__(self, ours: Ours, tally: Path) -> None:
        self._ours = ours
        self._tally = tally
        self._commands: Counter[str] = Counter()
        self._confirmed: set[str] = set()
        self._changed = threading.Condition()
        self._monitor = ours.redis.monitor()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._monitor.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ours.redis.echo(_END)
        self._thread.join()
        self._monitor.__exit__(kind, error, trace)

    def now(self) -> Counter[str]:
        """All counts until now."""
        token = str(uuid4())
        self._ours.redis.echo(token)
        with self._changed:
            if not self._changed.wait_for(lambda: token in self._confirmed, _CONFIRMATION_SECONDS):
                raise TimeoutError("Redis does not say what it does")
            counts = self._commands.copy()
        read, written = self._ours.tree.transferred_bytes()
        statistics: dict[str, Any] = self._ours.redis.info("stats")
        counts[ROUND_TRIPS] = statistics["total_reads_processed"]
        counts[FSYNCS] = self._tally.stat().st_size
        counts[LINES] = self._ours.log.read_bytes().count(b"\n")
        counts[READ], counts[WRITTEN] = read // 1000, written // 1000
        return counts

    def _listen(self) -> None:
        for said in self._monitor.listen():
            name, *arguments = said["command"].split(" ", 2)
            name = name.upper()
            if name == "ECHO":
                with self._changed:
                    self._confirmed.add(arguments[0])
                    self._changed.notify_all()
                if arguments[0] == _END:
                    return
            elif name != "INFO":
                with self._changed:
                    self._commands.update(_names(name, scripted=said["client_type"] == "lua"))


def _names(command: str, *, scripted: bool) -> Iterator[str]:
    if command == "XADD":
        yield MESSAGES
    if scripted:
        yield SCRIPTED
        return
    yield COMMANDS
    yield command
