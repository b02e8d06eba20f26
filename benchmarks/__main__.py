"""Measures everything, prints one page, writes `bench.json`: `make bench`, `make bench-quick`.

Ends with 1 if a bar is missed.
"""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from benchmarks import costs, document, growth, latency, orthanc, services, validation
from benchmarks.corpus import Corpus
from benchmarks.dciodvfy import PROGRAM
from benchmarks.orthanc import Orthanc
from benchmarks.ours import Ours
from benchmarks.result import Result, section

_VALIDATION = "validation"
"""Work that needs no server."""
_WORK = (*services.WORK, _VALIDATION)
_IDLE_SECONDS = 5
_COUNTED, _COUNTED_BUSY, _COUNTED_SLICES = 10, 200, 20
_CONNECTIONS = 8
"""Uploads whose costs are counted, and the slices of larger ones."""
_READY_SECONDS = 3
_MOST_IDLE_PERCENT = 1
_MOST_COMMANDS = 15


def main() -> int:
    """Run the benchmarks that the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: two minutes")
    parser.add_argument("--output", type=Path, default=Path("bench.json"), help="for the figures")
    parser.add_argument(
        "--only", nargs="+", default=[], choices=_WORK, help="this work and nothing else"
    )
    parser.add_argument(
        "--docs", action="store_true", help="write the figures into the documentation"
    )
    parser.add_argument("--directory", type=Path, help="on the disk to measure; up to 10 GB")
    options = parser.parse_args()
    if options.docs and (options.quick or options.only):
        parser.error("--docs needs a whole run: without --quick and --only")
    # However it is stopped, the servers are stopped as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.perf_counter()
    report = Report(options.output)
    with tempfile.TemporaryDirectory(dir=options.directory, prefix="bench-") as name:
        directory = Path(name)
        size = services.QUICK if options.quick else services.Size()
        served = [work for work in options.only if work != _VALIDATION]
        if served or not options.only:
            with ExitStack() as stack:
                bench = _start(stack, directory, size, served)
                if served:
                    _beside_peers(report, bench)
                else:
                    _services(report, directory, bench)
        if not options.only:
            _counts(report, directory)
        if _VALIDATION in options.only or not options.only:
            report.add("Validation", validation.results(directory))
    if options.docs:
        document.write(report.figures)
    minutes = (time.perf_counter() - started) / 60
    sys.stdout.write(f"{minutes:.1f} minutes; {report.missed} bars missed; {options.output}\n")
    return min(report.missed, 1)


class Report:
    """The page and the file of figures, which is written after each section.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.results: list[Result] = []
        self.figures: dict[str, object] = {
            "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores",
            "python": platform.python_version(),
        }

    @property
    def missed(self) -> int:
        """How many bars were missed."""
        return sum(not result.holds for result in self.results)

    def add(self, title: str, results: Iterable[Result]) -> None:
        """Print a section; write its figures."""
        found = list(results)
        _say(section(title, found))
        self.figures[title] = [asdict(result) | {"holds": result.holds} for result in found]
        self.results += found
        text = json.dumps(self.figures, indent=1)
        self._path.write_text(f"{text}\n", encoding="utf-8")


def _start(
    stack: ExitStack, directory: Path, size: services.Size, only: Collection[str]
) -> services.Bench:
    """Start all servers, and say which peer is missing."""
    program = orthanc.find()
    dciodvfy = PROGRAM if PROGRAM.exists() else None
    if not dciodvfy:
        _say("dciodvfy is not installed: its package has none for this machine.")
    if not program:
        _say("Orthanc is not installed (on Debian: apt install orthanc orthanc-dicomweb).")
    ours = stack.enter_context(Ours(directory / "ours"))
    peer = stack.enter_context(Orthanc(program, directory / "orthanc")) if program else None
    if peer and not peer.has_dicomweb:
        _say("Orthanc's DICOMweb plugin is not installed (on Debian: orthanc-dicomweb).")
    return services.Bench(size, Corpus(directory / "corpus"), ours, peer, dciodvfy, only)


def _beside_peers(report: Report, bench: services.Bench) -> None:
    for step in bench.run():
        _say(step, stream=sys.stderr)
    report.figures["costs"] = {
        name: [asdict(cost) | {"latencies": None} for cost in costs]
        for name, costs in bench.costs.items()
    }
    title = f"{bench.size.slices} slices, in {bench.size.rounds} rounds"
    report.add(title, services.results(bench.costs))


def _services(report: Report, directory: Path, bench: services.Bench) -> None:
    ours, corpus = bench.ours, bench.corpus
    report.add("Idle", _idle(ours))
    _beside_peers(report, bench)
    report.add("Latency", latency.results(ours, corpus, directory))
    if bench.size == services.QUICK:
        _say("How cost grows is measured by `make bench` only.\n")
        return
    report.add("Growth with the instances of a study", growth.instances(ours, corpus))
    report.add("Growth with the studies archived", growth.studies(ours, corpus))
    report.add("A second gateway", growth.gateways(ours, corpus))
    report.add("A second validator", growth.validators(directory, corpus))


def _counts(report: Report, directory: Path) -> None:
    """Count what an upload costs, with services that count; they are not timed."""
    corpus, tally = Corpus(directory / "corpus"), directory / "tally"
    with Ours(directory / "counted", environment=costs.environment(tally)) as ours:
        one = costs.count(ours, tally, [[file] for file in corpus.slices(_COUNTED)])
        report.add("Counted, an upload of one slice", costs.results(one))
        busy = [[file] for file in corpus.slices(_COUNTED_BUSY)]
        shared = costs.count(ours, tally, busy, connections=_CONNECTIONS)
        title = f"Counted, uploads of one slice at {_CONNECTIONS} connections"
        report.add(title, costs.results(shared, _MOST_COMMANDS))
        files = corpus.slices(_COUNTED * _COUNTED_SLICES)
        many = costs.count(ours, tally, [files[n::_COUNTED] for n in range(_COUNTED)])
        report.add(f"Counted, an upload of {_COUNTED_SLICES} slices", costs.results(many))


def _idle(ours: Ours) -> Iterable[Result]:
    time.sleep(1)
    cpu_seconds = ours.tree.cpu_seconds()
    time.sleep(_IDLE_SECONDS)
    percent = (ours.tree.cpu_seconds() - cpu_seconds) / _IDLE_SECONDS * 100
    yield Result("hdv up until ready", ours.ready_seconds, _READY_SECONDS, "s")
    yield Result("  CPU of all processes until then", ours.ready_cpu_seconds, None, "s")
    yield Result("CPU of all services while idle", percent, _MOST_IDLE_PERCENT, "%")


def _say(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
