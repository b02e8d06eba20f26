"""Sends hostile input to a running `hdv up`, and measures what it costs: `make hostile`."""

import argparse
import http.client
import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import hostile_files
from benchmarks.accounting import PeakMemory
from benchmarks.hostile_requests import CASES, Address
from benchmarks.ours import Ours

PAGE = Path(__file__).parents[1] / "docs" / "hostile-input.md"
BEGIN, END = "<!-- hostile -->\n", "<!-- end -->\n"
SHORT = {"HDV_GATEWAY__HTTP__STALLED_SECONDS": "10"}
"""So that a client that reads nothing need not be waited for as long as by default."""
_SERVICES = ("gateway", "validator", "descriptor")
_ENDED = {"archived", "failed", "error"}
_SECONDS = 900


class Result(NamedTuple):
    """What came of some input."""

    name: str
    outcome: str
    seconds: float
    growth: dict[str, int]
    """By how many bytes each service has grown at most, with the processes that it started."""


class Upload(NamedTuple):
    """Files that are sent in one zip."""

    name: str
    make: Callable[[int], bytes]
    files: int


UPLOADS = (
    Upload("400 files with 800 findings each", hostile_files.findings_bomb, 400),
    Upload("5 files whose DICOM JSON is 41 MB", hostile_files.description_bomb, 5),
    Upload("900,000 items, most of them 60 deep", hostile_files.nested_bomb, 1),
    Upload("1,900,000 empty fragments", hostile_files.fragments_bomb, 1),
    Upload(
        "1,900,000 fragments of odd length",
        lambda number: hostile_files.fragments_bomb(number, size=7),
        1,
    ),
)


def measured(ours: Ours, name: str, act: Callable[[], str]) -> Result:
    """Do something, and look at the memory of the services meanwhile."""
    began = time.monotonic()
    with ExitStack() as stack:
        peaks = {
            part: stack.enter_context(PeakMemory(ours.parts[part]))
            for part in _SERVICES
            if part in ours.parts
        }
        outcome = act()
    growth = {part: peak.growth[1] for part, peak in peaks.items()}
    return Result(name, outcome, time.monotonic() - began, growth)


def upload(ours: Ours, address: Address, one: Upload) -> str:
    """Send files, wait until they are dealt with, and ask for the report."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(one.files):
                archive.writestr(f"IM{number:04d}", one.make(number))
        file.seek(0)
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
        body = head + file.read() + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    _, answer = _asked(address, "POST", "/upload", body, headers)
    study_id = json.loads(answer)["study_id"]
    deadline = time.monotonic() + _SECONDS
    while (state := ours.state(study_id)) not in _ENDED:
        if time.monotonic() > deadline:
            return "not in time"
        time.sleep(0.1)
    _, report = _asked(address, "GET", f"/studies/{study_id}/report")
    return f"{state}; a report of {len(report) / 1e6:.1f} MB"


def _asked(
    address: Address,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=120)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def table(results: Sequence[Result]) -> Iterator[str]:
    """The results as Markdown."""
    yield "| input | what comes of it | seconds | " + " | ".join(_SERVICES) + " |\n"
    yield "|---|---|---|" + "---|" * len(_SERVICES) + "\n"
    for result in results:
        cells = [f"{result.growth.get(part, 0) / 1e6:.0f}" for part in _SERVICES]
        cells = [result.name, result.outcome, f"{result.seconds:.1f}", *cells]
        yield "| " + " | ".join(cells) + " |\n"


def _running(directory: Path) -> Ours:
    return Ours(directory / "ours", environment=SHORT)


def main() -> None:
    """Run all cases; with `--docs` write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", action="store_true", help="write docs/hostile-input.md")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as directory, _running(Path(directory)) as ours:
        address = ("127.0.0.1", int(ours.url.rpartition(":")[2]))
        acts = [
            *((case.name, partial(case.attack, address)) for case in CASES),
            *((one.name, partial(upload, ours, address, one)) for one in UPLOADS),
        ]
        for name, act in acts:
            results.append(measured(ours, name, act))
            sys.stdout.write("".join(table(results[-1:])).splitlines()[-1] + "\n")
            sys.stdout.flush()
    if options.docs:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(before + BEGIN + "".join(table(results)) + END + after)


if __name__ == "__main__":
    main()
