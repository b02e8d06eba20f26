"""The services beside Orthanc and dciodvfy: the same files, sent by the same client, in turn."""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.corpus import BOUNDARY, Corpus
from benchmarks.load import Request, send
from benchmarks.measure import Cost, measured
from benchmarks.orthanc import Orthanc
from benchmarks.ours import Ours
from benchmarks.result import Result, spread

_RELATED = rf"multipart/related; type=\"application/dicom\"; boundary={BOUNDARY}"
WORK = ("uploads", "zip", "deflated", "parts", "STOW-RS", "tiny", "large")
"""What is measured of ours; each has a peer in `BARS`."""
_CONNECTIONS = 8
_TINY_STUDIES = 20
_MOST_MEMORY_MB = 64


@dataclass(frozen=True)
class Size:
    """How much is sent in a round, and how often."""

    slices: int = 400
    tiny: int = 1_000
    large_bytes: int = 500_000_000
    rounds: int = 3


QUICK = Size(slices=100, tiny=300)


@dataclass(frozen=True)
class Bar:
    """What a kind of work has to reach.

    Attributes:
        what: the work.
        ours: the contender of ours.
        peers: the contenders that do the same together, one after the other.
        times: how many times as fast as they ours has to be.
    """

    what: str
    ours: str
    peers: tuple[str, ...]
    times: float | None


BARS = (
    Bar("uploads of one slice", "uploads", ("Orthanc uploads", "dciodvfy"), 1),
    Bar("uploads of one slice, against Orthanc alone", "uploads", ("Orthanc uploads",), None),
    Bar("a zip, stored", "zip", ("Orthanc zip",), 1.5),
    Bar("a zip, deflated", "deflated", ("Orthanc deflated",), 1.5),
    Bar("one upload of many parts, against STOW-RS", "parts", ("Orthanc STOW-RS",), 2),
    Bar("STOW-RS", "STOW-RS", ("Orthanc STOW-RS",), 2),
    Bar("one upload of tiny files", "tiny", ("Orthanc tiny",), 1),
    Bar("one large file", "large", ("Orthanc large",), 2),
)


@dataclass
class Bench:
    """What is measured, and with what.

    Attributes:
        size: how much is sent.
        corpus: makes the files.
        ours: the running services.
        orthanc: the peer, if it is installed.
        dciodvfy: the program of the other peer, if it is installed.
        only: the contenders of ours to measure, each with its peers; all if there are none.
        costs: what was measured, of each contender in each round.
    """

    size: Size
    corpus: Corpus
    ours: Ours
    orthanc: Orthanc | None
    dciodvfy: Path | None
    only: Collection[str] = ()
    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def run(self) -> Iterator[str]:
        """Measure all contenders in turn, in every round in the opposite order.

        Yields:
            What is measured next.
        """
        contenders = list(self._contenders().items())
        for number in range(self.size.rounds):
            for name, work in contenders if number % 2 == 0 else reversed(contenders):
                yield f"round {number + 1} of {self.size.rounds}: {name}"
                self.costs.setdefault(name, []).append(work())

    def _contenders(self) -> Mapping[str, Callable[[], Cost]]:
        """In this order: each of ours beside its peers."""
        size, corpus = self.size, self.corpus

        def zipped(*, deflated: bool) -> list[Path]:
            return [corpus.archive(size.slices, deflated=deflated)]

        def large() -> list[Path]:
            return [corpus.large(size.large_bytes)]

        ours: dict[str, Callable[[], Cost]] = {
            "uploads": lambda: self._uploads([[file] for file in corpus.slices(size.slices)]),
            "zip": lambda: self._uploads([zipped(deflated=False)]),
            "deflated": lambda: self._uploads([zipped(deflated=True)]),
            "parts": lambda: self._uploads([corpus.slices(size.slices)]),
            "STOW-RS": lambda: self._stored(corpus.related(size.slices)),
            "tiny": lambda: self._uploads([self._tiny()]),
            "large": lambda: self._uploads([large()]),
        }
        peers: dict[str, Callable[[], Cost]] = {}
        if orthanc := self.orthanc:
            peers |= {
                "Orthanc uploads": lambda: _posted(orthanc, corpus.slices(size.slices)),
                "Orthanc zip": lambda: _posted(orthanc, zipped(deflated=False)),
                "Orthanc deflated": lambda: _posted(orthanc, zipped(deflated=True)),
                "Orthanc tiny": lambda: _posted(orthanc, self._tiny()),
                "Orthanc large": lambda: _posted(orthanc, large()),
            }
            if orthanc.has_dicomweb:
                peers["Orthanc STOW-RS"] = lambda: _received(orthanc, corpus.related(size.slices))
        if dciodvfy := self.dciodvfy:
            peers["dciodvfy"] = lambda: examined(dciodvfy, corpus.slices(size.slices))
        bars = [bar for bar in BARS if not self.only or bar.ours in self.only]
        order = dict.fromkeys(name for bar in bars for name in (bar.ours, *bar.peers))
        both = ours | peers
        return {name: both[name] for name in order if name in both}

    def _tiny(self) -> list[Path]:
        return self.corpus.slices(self.size.tiny, studies=_TINY_STUDIES, tiny=True)

    def _uploads(self, uploads: Sequence[Sequence[Path]]) -> Cost:
        requests = [Request(f"{self.ours.url}/upload", forms=files) for files in uploads]
        return upload(self.ours, requests, len(uploads))

    def _stored(self, body: Path) -> Cost:
        return upload(self.ours, [_related(self.ours.url, body)], 1)


def upload(ours: Ours, requests: Sequence[Request], studies: int) -> Cost:
    """Send requests to our software, until so many studies are archived."""
    with ours.events() as events:
        return measured(
            ours.tree,
            lambda: send(requests, connections=_CONNECTIONS),
            lambda: events.await_archived(studies),
            ours.parts,
        )


def examined(program: Path, files: Sequence[Path]) -> Cost:
    """Run dciodvfy once for each file, on all cores."""
    before = _children_seconds()
    started = time.perf_counter()
    # It ends with 1 when it finds something; then xargs ends with 123.
    subprocess.run(
        ["xargs", "-n", "1", "-P", str(len(os.sched_getaffinity(0))), program],
        input="\n".join(map(str, files)),
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return Cost(time.perf_counter() - started, _children_seconds() - before)


def _posted(orthanc: Orthanc, files: Sequence[Path]) -> Cost:
    requests = [Request(f"{orthanc.url}/instances", body=file) for file in files]
    return measured(orthanc.tree, lambda: send(requests, connections=_CONNECTIONS))


def _received(orthanc: Orthanc, body: Path) -> Cost:
    return measured(orthanc.tree, lambda: send([_related(orthanc.url, body)]))


def _related(url: str, body: Path) -> Request:
    return Request(f"{url}/dicom-web/studies", body=body, content_type=_RELATED)


def _parts(uploads: Sequence[Cost]) -> Iterator[Result]:
    """Whose CPU time an upload of one slice is."""
    studies = len(uploads[0].latencies)
    values = [cost.cpu_seconds / studies * 1e3 for cost in uploads]
    yield spread("CPU of an upload of one slice", values, None, "ms")
    for name in uploads[0].by_part:
        values = [cost.by_part[name] / studies * 1e3 for cost in uploads]
        yield spread(f"  {name}", values, None, "ms")


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def results(costs: Mapping[str, Sequence[Cost]]) -> Iterator[Result]:
    """The bars, as ratios within each round."""
    for bar in BARS:
        if all(name in costs for name in (bar.ours, *bar.peers)):
            rounds = list(zip(costs[bar.ours], *(costs[peer] for peer in bar.peers), strict=True))
            yield spread(
                f"{bar.what}: times as fast",
                [sum(peer.seconds for peer in peers) / ours.seconds for ours, *peers in rounds],
                bar.times,
                "times",
                more_is_better=True,
            )
            yield spread(
                "  CPU, of theirs",
                [
                    ours.cpu_seconds / sum(peer.cpu_seconds for peer in peers)
                    for ours, *peers in rounds
                ],
                None,
                "times",
            )
    uploads = costs.get("uploads", [])
    if uploads:
        yield from _parts(uploads)
    if uploads and "Orthanc uploads" in costs:
        pairs = zip(uploads, costs["Orthanc uploads"], strict=True)
        ratios = [ours.percentile(99) / peer.percentile(99) for ours, peer in pairs]
        yield spread("202 of one slice, p99, of Orthanc's", ratios, 1, "times")
    if large := costs.get("large"):
        resident = [cost.resident_bytes / 1e6 for cost in large]
        yield spread("memory for one large file, all processes", resident, _MOST_MEMORY_MB, "MB")
        unbacked = [cost.memory_bytes / 1e6 for cost in large]
        yield spread("  without the pages of mapped files", unbacked, None, "MB")
