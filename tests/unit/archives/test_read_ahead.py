"""Small entries of a zip file are read ahead, in threads: the same entries, bytes and errors."""

import importlib
import random
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from archives import inflation
from archives.entries import Extent
from archives.errors import ArchiveError, Fault, broken
from archives.limits import ArchiveLimits, Budget
from archives.read_ahead import RUN_BYTES, RUN_ENTRIES, Content, ReadAhead, Wanted
from archives.zip_file import zip_entries
from kit.archives import patched, zip_info, zip_of, zipped

THREADS = 3
NOISE = random.Random(3).randbytes(RUN_BYTES)
SECOND_CRC = 16
"""Where a directory's entry has its CRC-32; see `patched`."""


def read(path: Path, threads: int, limits: ArchiveLimits) -> list[tuple[str, bytes] | tuple[str]]:
    """The names and bytes of all entries, up to the error that ends the reading."""
    found: list[tuple[str, bytes] | tuple[str]] = []
    try:
        for entry in zip_entries(path, Budget(limits), threads=threads):
            if entry.refused:
                raise entry.refused
            found.append((entry.name, b"".join(entry.chunks)))
    except ArchiveError as error:
        found.append((f"{error.fault}: {error.entry} {error.trouble}",))
    return found


def without_stream(archive: bytes) -> bytes:
    """The first entry's stream has no bytes."""
    return patched(archive, 20, "<L", 0)


LARGE = NOISE + bytes(RUN_BYTES)
CONTENTS = {
    **{f"small/{number:04}": NOISE[number : 2000 + number] for number in range(2 * RUN_ENTRIES)},
    "empty": b"",
    "large": LARGE,
    "just small enough": NOISE,
    "one byte too large": NOISE + b"x",
    "folder/": b"",
    "last": b"last",
}
VALID = zipped(CONTENTS)
FAULTS = {
    "nothing": VALID,
    "stored": zipped(CONTENTS, zipfile.ZIP_STORED),
    "a damaged stream": VALID[:40_000] + bytes(50) + VALID[40_050:],
    "another checksum": patched(VALID, SECOND_CRC, "<L", 0),
    "another size": patched(VALID, 24, "<L", 1999),
    "a size that is never reached": patched(VALID, 24, "<L", RUN_BYTES),
    "a stored size that is too large": patched(zipped({"a": NOISE}), 20, "<L", 1 << 30),
    "an empty file without its stream": without_stream(zipped({"a": b"", "b": b"b"})),
    "a link": zip_of(
        (zip_info("a"), NOISE), (zip_info("b", mode=0o120777), b"a"), (zip_info("c"), b"c")
    ),
}


@pytest.mark.parametrize("limits", [{}, {"max_entries": 300}, {"max_total_bytes": 1_000_000}])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_read_ahead_is_what_is_read_without(
    tmp_path: Path, fault: str, limits: dict[str, int]
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(FAULTS[fault])
    allowed = ArchiveLimits(**limits)
    assert read(path, THREADS, allowed) == read(path, 0, allowed)


def test_a_broken_entry_says_so_when_its_turn_has_come(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(patched(zipped({"a": b"a", "b": b"b"}), SECOND_CRC, "<L", 0, entry=1))
    [first, second] = zip_entries(path, Budget(ArchiveLimits()), threads=THREADS)
    assert b"".join(first.chunks) == b"a"
    with pytest.raises(ArchiveError) as raised:
        list(second.chunks)
    assert raised.value.fault is Fault.BROKEN
    assert raised.value.entry == "b"


def test_an_entry_counts_when_its_turn_has_come(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(dict.fromkeys("abc", NOISE[:1000])))
    budget = Budget(ArchiveLimits(max_total_bytes=2500))
    entries = zip_entries(path, budget, threads=THREADS)
    assert [entry.name for entry in islice(entries, 2)] == ["a", "b"]
    with pytest.raises(ArchiveError) as raised:
        next(entries)
    assert raised.value.entry == "c"


def wanted(count: int, size_bytes: int) -> list[Wanted]:
    return [Wanted(Extent(n, size_bytes, size_bytes), str(n)) for n in range(count)]


def test_little_is_read_ahead() -> None:
    asked = []

    def entries() -> Iterator[Wanted]:
        for entry in wanted(100, RUN_BYTES // 2):
            asked.append(entry)
            yield entry

    def content(run: Sequence[Wanted]) -> list[Content]:
        return [entry.name.encode() for entry in run]

    with ReadAhead(entries(), content, THREADS) as ahead:
        for number in range(100):
            assert b"".join(ahead.next_chunks()) == str(number).encode()
            # Two in the run that is used, two in each further one, one that begins the next.
            assert len(asked) - number <= 2 * (THREADS + 2) + 1


def test_runs_are_read_at_the_same_time() -> None:
    barrier = threading.Barrier(THREADS, timeout=20)

    def content(run: Sequence[Wanted]) -> list[Content]:
        barrier.wait()
        return [b"x"] * len(run)

    with ReadAhead(iter(wanted(THREADS, RUN_BYTES)), content, THREADS) as ahead:
        assert [*ahead.next_chunks()] == [b"x"]


def test_closing_the_entries_ends_the_threads(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{number}": NOISE for number in range(30)}, zipfile.ZIP_STORED))
    entries = zip_entries(path, Budget(ArchiveLimits()), threads=THREADS)
    before = threading.active_count()
    next(entries)
    assert threading.active_count() > before
    entries.close()
    assert threading.active_count() == before


def test_an_error_of_the_disk_is_none_of_the_archive() -> None:
    def content(_: Sequence[Wanted]) -> list[Content]:
        raise OSError("the disk fails")

    with (
        ReadAhead(iter(wanted(1, 1)), content, 1) as ahead,
        pytest.raises(OSError, match="the disk fails"),
    ):
        ahead.next_chunks()


def test_an_entry_that_cannot_be_read_does_not_hide_the_next_one() -> None:
    def content(_: Sequence[Wanted]) -> list[Content]:
        return [broken("is truncated", "0"), b"x"]

    with ReadAhead(iter(wanted(2, 1)), content, 1) as ahead:
        first, second = ahead.next_chunks(), ahead.next_chunks()
        with pytest.raises(ArchiveError):
            next(first)
        assert [*second] == [b"x"]


def raw(content: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(content) + deflate.flush()


@pytest.fixture(params=["deflate", "zlib"])
def inflater(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module with either library."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "deflate", None)
    yield importlib.reload(inflation)
    monkeypatch.undo()
    importlib.reload(inflation)


@pytest.mark.parametrize("content", [b"x", NOISE[:5000] + bytes(5000), bytes(5000)])
def test_a_stream_is_inflated_at_once_whatever_the_library(content: bytes, inflater: Any) -> None:
    stream = raw(content)
    assert inflater.inflated(stream, len(content)) == content
    assert inflater.inflated(stream + b"tail", len(content)) == content
    assert inflater.inflated(stream[:-1], len(content)) is None
    assert inflater.inflated(b"\xff" + stream, len(content)) is None
    assert inflater.inflated(stream, len(content) - 1) is None
    assert inflater.crc32(content) == zlib.crc32(content)
    assert inflater.crc32(content, 7) == zlib.crc32(content, 7)
