"""What a process is writing is held by a lock; what no process holds was left by a crash."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import process_directory
from storage.layout import INCOMING
from storage.process_directory import LOCK, ProcessDirectory, abandoned, remove_abandoned

WRITER = """
import sys
from pathlib import Path
from storage.process_directory import ProcessDirectory
own = ProcessDirectory(Path(sys.argv[1]))
(own.path() / "study.part").write_bytes(b"1")
print(own.path(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    directory = tmp_path / INCOMING
    directory.mkdir()
    return directory


@pytest.fixture
def writer(incoming: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, which is writing."""
    command = [sys.executable, "-c", WRITER, str(incoming)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def directory_of(writer: subprocess.Popen[str]) -> Path:
    assert writer.stdout
    return Path(writer.stdout.readline().strip())


def test_what_a_living_process_is_writing_stays_whatever_the_clock_says(
    incoming: Path, writer: subprocess.Popen[str]
) -> None:
    directory = directory_of(writer)
    for path in (directory, *directory.iterdir()):
        os.utime(path, (0, 0))
    assert list(abandoned(incoming)) == []
    assert remove_abandoned(incoming) == 0
    assert (directory / "study.part").read_bytes() == b"1"


def test_what_a_killed_process_has_left_is_removed_at_once(
    incoming: Path, writer: subprocess.Popen[str]
) -> None:
    directory = directory_of(writer)
    writer.kill()
    writer.wait()
    assert directory in set(abandoned(incoming))
    assert remove_abandoned(incoming) == 2
    assert list(incoming.iterdir()) == []


def test_a_process_that_ends_leaves_no_empty_directory(
    incoming: Path, writer: subprocess.Popen[str]
) -> None:
    (directory_of(writer) / "study.part").unlink()
    writer.communicate()
    assert list(incoming.iterdir()) == []


def test_a_forked_process_does_not_release_the_directory(incoming: Path) -> None:
    own = ProcessDirectory(incoming)
    directory = own.path()
    if not (child := os.fork()):
        del own
        os._exit(0)
    os.waitpid(child, 0)
    assert directory.is_dir()
    assert remove_abandoned(incoming) == 0


def test_the_directory_stays_the_same_until_somebody_removes_it(incoming: Path) -> None:
    own = ProcessDirectory(incoming)
    first = own.path()
    assert own.path() == first
    for entry in list(incoming.iterdir()):
        entry.rmdir() if entry.is_dir() else entry.unlink()
    assert own.path() != first
    assert own.path().is_dir()
    assert remove_abandoned(incoming) == 0


@pytest.mark.parametrize("moment", ["made", "locked"])
def test_a_lock_that_is_removed_while_a_process_begins_is_not_taken_for_its_own(
    incoming: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    locked = process_directory._locked
    calls: list[int] = []

    def interrupted(descriptor: int, operation: int) -> bool:
        calls.append(operation)
        if len(calls) > 1:
            return locked(descriptor, operation)
        if moment == "made":  # another process has been faster: it removes the lock, and lets go
            for entry in incoming.iterdir():
                entry.unlink()
            return locked(descriptor, operation)
        return False

    monkeypatch.setattr(process_directory, "_locked", interrupted)
    own = ProcessDirectory(incoming)
    directory = own.path()
    assert len(calls) > 1
    assert directory.with_name(directory.name + LOCK).is_file()


def test_processes_that_begin_and_look_for_leftovers_do_not_disturb_each_other(
    incoming: Path,
) -> None:
    stop = threading.Event()

    def clear() -> None:
        while not stop.is_set():
            remove_abandoned(incoming)

    cleaners = [threading.Thread(target=clear) for _ in range(3)]
    for cleaner in cleaners:
        cleaner.start()
    try:
        owned = [ProcessDirectory(incoming) for _ in range(200)]
        for own in owned:
            (own.path() / "part").touch()
    finally:
        stop.set()
        for cleaner in cleaners:
            cleaner.join()
    assert all((own.path() / "part").is_file() for own in owned)


def test_what_has_no_lock_is_removed_and_targets_of_links_stay(
    incoming: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "000001.dcm").touch()
    (incoming / "directory").mkdir()
    (incoming / "directory" / "link").symlink_to(study)
    (incoming / "file").touch()
    (incoming / "link").symlink_to(study)
    assert remove_abandoned(incoming) == 3
    assert list(incoming.iterdir()) == []
    assert (study / "000001.dcm").is_file()


def test_where_nothing_was_written_nothing_is_left(tmp_path: Path) -> None:
    assert remove_abandoned(tmp_path / INCOMING) == 0
