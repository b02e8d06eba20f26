"""How long one slice takes when nothing else is to be done."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.corpus import Corpus
from benchmarks.load import Request
from benchmarks.ours import Ours
from benchmarks.result import Result, spread
from benchmarks.services import upload
from descriptor.description import describe_instance
from descriptor.rendering import render
from engine.profiles.profile import Profile
from validator.examine_file import examine_file

_PAUSE_SECONDS = 0.1
_SLICES = 30
_MOST_TIMES = 3


def results(ours: Ours, corpus: Corpus, directory: Path) -> Iterator[Result]:
    """One slice after the other through the services, and its own work beside it.

    Args:
        ours: the running services.
        corpus: makes the slices.
        directory: for the files of the comparison.
    """
    archived, answered, alone = [], [], []
    profile = Profile()
    for file in corpus.slices(_SLICES):
        cost = upload(ours, [Request(f"{ours.url}/upload", forms=[file])], 1)
        archived.append(cost.seconds * 1e3)
        answered.append(cost.latencies[0] * 1e3)
        alone.append(_in_one_process(file.read_bytes(), directory, profile) * 1e3)
        time.sleep(_PAUSE_SECONDS)
    yield spread("one slice, idle: until 202", answered, None, "ms")
    yield spread("one slice, idle: until archived", archived, None, "ms")
    yield spread("  its own work in one process", alone, None, "ms")
    times = median(archived) / median(alone)
    yield Result("  until archived, of its own work", times, _MOST_TIMES, "times")


def _in_one_process(content: bytes, directory: Path, profile: Profile) -> float:
    """Seconds to write, hash, fsync, examine, describe and render a file."""
    started = time.perf_counter()
    path = directory / "alone.dcm"
    with path.open("wb") as file:
        file.write(content)
        hashlib.sha256(content).hexdigest()
        file.flush()
        os.fsync(file.fileno())
    examine_file(str(path), profile)
    describe_instance(path, path.name)
    render(path)
    return time.perf_counter() - started
