"""How fast files are examined: in process, in a batch, as a command; beside dciodvfy."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

import pydicom

from benchmarks import samples
from benchmarks.corpus import Corpus
from benchmarks.dciodvfy import PROGRAM
from benchmarks.result import Result
from benchmarks.timing import interleaved
from descriptor.description import describe_instance
from descriptor.isolated import describe_study
from engine.examination import examine
from engine.profiles.profile import Profile

_HDV = str(Path(sys.executable).with_name("hdv"))
FILES_IN_BATCH = 400
ROUNDS_IN_PROCESS = 60
ROUNDS_OF_COMMANDS = 7
ROUNDS_OF_BATCHES = 3


def in_process(directory: Path) -> Iterator[Result]:
    """One file after the other in this process, default profile, nothing decoded."""
    structure_set, profile = samples.structure_set(), Profile()
    [path] = Corpus(directory / "slice").slices(1)
    ct = path.read_bytes()
    times = interleaved(
        {
            "ct": partial(examine, ct, profile),
            "undigested": partial(examine, ct, profile, digest=False),
            "describe": partial(describe_instance, path, path.name),
            "render": partial(describe_study, [(path, path.name)]),
            "dcmread": lambda: pydicom.dcmread(BytesIO(ct)),
            "values": lambda: [element.value for element in pydicom.dcmread(BytesIO(ct))],
            "structure set": partial(examine, structure_set, profile),
        },
        rounds=ROUNDS_IN_PROCESS,
    )
    yield Result("examine a CT of 526 KB", times["ct"] * 1e3, 3, "ms")
    yield Result("  without the digest of its data set", times["undigested"] * 1e3, None, "ms")
    yield Result("  describe it", times["describe"] * 1e3, None, "ms")
    yield Result("  describe and render it", times["render"] * 1e3, None, "ms")
    yield Result("  pydicom: dcmread, lazy", times["dcmread"] * 1e3, None, "ms")
    yield Result("  pydicom: dcmread and every value", times["values"] * 1e3, None, "ms")
    yield Result("examine a structure set of 2 MB", times["structure set"], 0.3, "s")


def linear() -> Iterator[Result]:
    """Eight times the elements, and eight times the items, cost at most ten times as much."""
    profile = Profile()
    for kind, make in (("elements", samples.private_elements), ("items", samples.items)):
        few, many = make(2_000), make(16_000)
        times = interleaved(
            {"few": partial(examine, few, profile), "many": partial(examine, many, profile)},
            rounds=5,
        )
        yield Result(f"time for 8 times the {kind}", times["many"] / times["few"], 10, "times")


def commands(directory: Path) -> Iterator[Result]:
    """Whole processes, started and ended."""
    file = directory / "ct.dcm"
    file.write_bytes(samples.ct())
    times = interleaved(
        {
            "help": partial(_hdv, "--help"),
            "validate": partial(_hdv, "validate", str(file)),
        },
        rounds=ROUNDS_OF_COMMANDS,
    )
    yield Result("hdv --help", times["help"], 0.2, "s")
    yield Result("hdv validate of one CT", times["validate"], 0.5, "s")


def batch(directory: Path) -> Iterator[Result]:
    """A folder of CT slices: one command, against dciodvfy once for each file on all cores."""
    folder = directory / "batch"
    folder.mkdir()
    for number in range(1, FILES_IN_BATCH + 1):
        (folder / f"{number:04}.dcm").write_bytes(samples.ct(number))
    tasks: dict[str, Callable[[], object]] = {
        "hdv": partial(_hdv, "validate", "--quiet", str(folder)),
        "dciodvfy": partial(_dciodvfy_on_all_cores, sorted(folder.iterdir())),
    }
    times = interleaved(tasks, rounds=ROUNDS_OF_BATCHES)
    rate = FILES_IN_BATCH / times["hdv"]
    yield Result(f"hdv validate, {FILES_IN_BATCH} CT", rate, None, "files/s")
    peer = FILES_IN_BATCH / times["dciodvfy"]
    yield Result("  dciodvfy, a process for each, on as many cores", peer, None, "files/s")
    yield Result("hdv validate against dciodvfy", rate / peer, 3, "times", more_is_better=True)


def _hdv(*arguments: str) -> None:
    """Run hdv; valid files give 0, anything else is no measure of speed."""
    subprocess.run([_HDV, *arguments], stdout=subprocess.DEVNULL, check=True)


def _dciodvfy_on_all_cores(files: list[Path]) -> None:
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(_dciodvfy, files))


def _dciodvfy(file: Path) -> None:
    command = [PROGRAM, file]
    # It ends with 1 when it has something to say.
    subprocess.run(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def results(directory: Path) -> Iterator[Result]:
    """Everything, one after the other.

    Args:
        directory: for the files.
    """
    yield from in_process(directory)
    yield from linear()
    yield from commands(directory)
    yield from batch(directory)
