"""Sends requests with curl, many at the same time: the same client for every server."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """A POST request.

    Attributes:
        url: where to.
        forms: files to send as parts of a form.
        body: a file to send as the body, if there are no forms.
        content_type: of the body.
    """

    url: str
    forms: Sequence[Path] = ()
    body: Path | None = None
    content_type: str = "application/dicom"


@dataclass(frozen=True)
class Sent:
    """What became of some requests.

    Attributes:
        started: when the first began, by `time.perf_counter`.
        seconds: until all were answered.
        latencies: of each request, in seconds.
    """

    started: float
    seconds: float
    latencies: list[float]


class RefusedError(Exception):
    """A server answered with something else than success."""


def send(requests: Sequence[Request], *, connections: int = 1) -> Sent:
    """Send requests and wait for all responses.

    Args:
        requests: to send.
        connections: how many at the same time.

    Raises:
        RefusedError: a request did not succeed.
    """
    # A configuration is read from stdin: a command line has too little room.
    config = "next\n".join(_section(request) for request in requests)
    command = [
        "curl", "--disable", "--silent", "--show-error", "--noproxy", "*",
        "--parallel", "--parallel-immediate", "--parallel-max", str(connections), "--config", "-",
    ]  # fmt: skip
    started = time.perf_counter()
    done = subprocess.run(command, input=config, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    answers = [line.split() for line in done.stdout.splitlines()]
    refused = {status for status, _ in answers if not status.startswith("2")}
    if done.returncode or refused or len(answers) != len(requests):
        raise RefusedError(
            f"{requests[0].url}: {len(answers)} of {len(requests)} answered, "
            f"statuses {sorted(refused)}; {done.stderr.strip()}"
        )
    return Sent(started, seconds, sorted(float(latency) for _, latency in answers))


def _section(request: Request) -> str:
    lines = [f'url = "{request.url}"', 'request = "POST"', 'header = "Expect:"']
    if request.forms:
        lines += [f'form = "file=@{path}"' for path in request.forms]
    else:
        lines += [
            f'upload-file = "{request.body}"',
            f'header = "Content-Type: {request.content_type}"',
        ]
    lines += ['output = "/dev/null"', r'write-out = "%{http_code} %{time_total}\n"']
    return "\n".join(lines) + "\n"
