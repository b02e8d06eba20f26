"""CPU time and memory of a process and all its descendants, as Linux accounts for them."""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_SAMPLING_SECONDS = 0.05


class ProcessTree:
    """A process and its descendants; one that has ended counts for the one that waited for it.

    Args:
        root: the id of the process.
    """

    def __init__(self, root: int) -> None:
        self._root = root

    def cpu_seconds(self) -> float:
        """CPU time of all of them since their start, in user and kernel mode."""
        # utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
        return _TICK * sum(sum(map(int, stat[11:15])) for stat in self._stats())

    def memory(self) -> tuple[int, int]:
        """Bytes of their resident memory, and of that part of it which no file backs.

        Pages that processes share count for each of them.
        """
        fields = [_fields(pid, "status") for pid in self.pids()]
        return _sum(fields, "VmRSS"), _sum(fields, "RssAnon") + _sum(fields, "RssShmem")

    def transferred_bytes(self) -> tuple[int, int]:
        """Bytes that went through read() and write(), on files and on pipes; not mapped ones."""
        fields = [_fields(pid, "io") for pid in self.pids()]
        return _sum(fields, "rchar"), _sum(fields, "wchar")

    def pids(self) -> list[int]:
        """All ids, that of the root among them."""
        return [int(stat[-1]) for stat in self._stats()]

    def _stats(self) -> list[list[str]]:
        """The fields of `/proc/PID/stat` from the third on, and the id as the last one."""
        children: dict[int, list[list[str]]] = {}
        for stat in _all_stats():
            children.setdefault(int(stat[1]), []).append(stat)
            if int(stat[-1]) == self._root:
                children[-1] = [stat]
        found = children.get(-1, [])
        for stat in found:
            found += children.get(int(stat[-1]), [])
        return found


class PeakMemory:
    """How much the memory of a process tree grows while the context lasts, at most.

    Attributes:
        growth: see `ProcessTree.memory`.
    """

    def __init__(self, tree: ProcessTree) -> None:
        self.growth = (0, 0)
        self._tree = tree
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._start = self._tree.memory()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLING_SECONDS):
            resident, unbacked = self._tree.memory()
            self.growth = (
                max(self.growth[0], resident - self._start[0]),
                max(self.growth[1], unbacked - self._start[1]),
            )


def _all_stats() -> Iterator[list[str]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue  # it has just ended
            # The name of the program, in brackets, may have spaces.
            yield [*text.rpartition(")")[2].split(), entry.name]


def _sum(processes: Iterable[dict[str, str]], field: str) -> int:
    """The sum of a field, in bytes; some are given as `12 kB`."""
    total = 0
    for fields in processes:
        number, _, unit = fields.get(field, "0").partition(" ")
        total += int(number) * (1024 if unit else 1)
    return total


def _fields(pid: int, file: str) -> dict[str, str]:
    try:
        lines = (_PROC / str(pid) / file).read_text().splitlines()
    except OSError:
        return {}  # it has just ended
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
