"""`hdv upload`: files, folders and archives to the gateway, in one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from hdv.client.gateway import Gateway
from hdv.client.outcome import await_outcome, print_json, print_line, print_outcome
from hdv.client.outgoing import LazyFile, Outgoing, find_outgoing
from hdv.exit import WELL, run, say
from hdv.terminal.progress_bar import Show, bar

BYTES = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says."""

    paths: Sequence[str]
    url: str
    wait: bool = False
    profile: str | None = None
    label: str | None = None
    expected_instances: int | None = None
    timeout: float = 3600.0
    json: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the form beside the files."""
        fields = {
            "profile": self.profile,
            "label": self.label,
            "expected_instances": self.expected_instances,
        }
        return {name: str(value) for name, value in fields.items() if value is not None}


def upload(options: Options, *, transport: httpx.BaseTransport | None = None) -> int:
    """Send what the command line names, and wait for the outcome if that is asked for.

    Returns:
        The exit code.
    """
    return run("hdv upload", lambda: _upload(options, transport))


def _upload(options: Options, transport: httpx.BaseTransport | None) -> int:
    outgoing = find_outgoing(options.paths)
    if outgoing.skipped:
        say(outgoing.told)
    with Gateway(options.url, seconds=options.timeout, transport=transport) as gateway:
        accepted = _send(gateway, options, outgoing)
        told: dict[str, Any] = {
            "upload": accepted,
            "skipped": [{"path": found.name, "reason": found.reason} for found in outgoing.skipped],
        }
        study_id = accepted["study_id"]
        if not options.wait:
            if options.json:
                print_json(told)
            else:
                count = len(outgoing.files)
                files = "1 file" if count == 1 else f"{count:,} files"
                print_line(f"study {study_id} uploaded: {files}, {outgoing.size_bytes:,} bytes")
            return WELL
        outcome = await_outcome(gateway, study_id)
    if options.json:
        print_json({**told, "studies": outcome.records, "report": outcome.report})
    else:
        print_outcome(outcome)
    return outcome.exit_code


def _send(gateway: Gateway, options: Options, outgoing: Outgoing) -> Any:  # noqa: ANN401 -- JSON
    """Upload, with another try when the connection breaks; the gateway takes it in once."""
    # Quotes are part of it: a string of RFC 8941.
    headers = {"Idempotency-Key": f'"{uuid4()}"'}

    def form() -> Mapping[str, Any]:
        sending = _Sending(gateway, show, outgoing.size_bytes)
        files = [
            ("file", (file.sent_as, LazyFile(file, sending.read), BYTES)) for file in outgoing.files
        ]
        return {"headers": headers, "data": options.fields, "files": files}

    with bar("sending") as show:
        # An archive is unpacked before there is an answer.
        seconds = gateway.check_time()
        return gateway.send("POST", "/upload", form, silence_seconds=seconds).json()


class _Sending:
    """How much has been sent in this try."""

    def __init__(self, gateway: Gateway, show: Show, total: int) -> None:
        self._gateway = gateway
        self._show = show
        self._total = total
        self._sent = 0
        show(0, total)

    def read(self, size: int) -> None:
        self._gateway.check_time()
        self._sent += size
        self._show(self._sent, self._total)
