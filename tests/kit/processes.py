"""The processes that `hdv up` starts, seen from outside."""

from pathlib import Path


def processes_of(run: Path) -> dict[int, list[str]]:
    """The command line of every process that `hdv up` started with this run directory, by id.

    They are recognised by their environment, which their own children inherit as well.
    """
    marker = b"HDV_RUN=%s\0" % bytes(run)
    found = {}
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker in file.read_bytes():
                command = file.with_name("cmdline").read_bytes().decode().split("\0")[:-1]
                found[int(file.parent.name)] = command
        except OSError:
            continue  # it has just ended
    return found


def parent_of(pid: int) -> int | None:
    """The parent of a process (proc(5)); None if it has just ended."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])
