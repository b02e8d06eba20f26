"""`hdv upload`: files, folders and archive files to the gateway, in one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from hdv.client.gateway import Gateway
from hdv.client.outgoing import LazyFile, Outgoing, find_outgoing
from hdv.client.upload_outcome import await_outcome, print_outcome
from hdv.exit import ExitCode, say
from hdv.terminal.progress_bar import Update, progress_bar
from hdv.terminal.text import number_of, print_json, print_line

BYTES = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class UploadOptions:
    """The options of the command; `hdv upload --help` explains them."""

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


def upload(options: UploadOptions) -> ExitCode:
    """Send the files, and wait for their outcome if that is wanted.

    Raises:
        CommandError: a file cannot be read, or the gateway refuses the upload or is unavailable.
    """
    outgoing = find_outgoing(options.paths)
    if outgoing.skipped:
        say(outgoing.skipped_text)
    with Gateway(options.url, seconds=options.timeout) as gateway:
        accepted = _send(gateway, options, outgoing)
        result: dict[str, Any] = {
            "upload": accepted,
            "skipped": [{"path": found.name, "reason": found.reason} for found in outgoing.skipped],
        }
        study_id = accepted["study_id"]
        if not options.wait:
            if options.json:
                print_json(result)
            else:
                files = number_of(len(outgoing.files), "file")
                print_line(f"study {study_id} uploaded: {files}, {outgoing.size_bytes:,} bytes")
            return ExitCode.OK
        outcome = await_outcome(gateway, study_id)
    if options.json:
        print_json({**result, "studies": outcome.records, "report": outcome.report})
    else:
        print_outcome(outcome)
    return outcome.exit_code


def _send(gateway: Gateway, options: UploadOptions, outgoing: Outgoing) -> Any:  # noqa: ANN401 -- JSON
    """Upload; after a broken connection again, with a key by which the gateway accepts it once."""
    # The quotes are part of it: a string of RFC 8941.
    headers = {"Idempotency-Key": f'"{uuid4()}"'}

    def form() -> Mapping[str, Any]:
        sending = _Sending(gateway, update, outgoing.size_bytes)
        files = [
            ("file", (file.sent_as, LazyFile(file, sending.read), BYTES)) for file in outgoing.files
        ]
        return {"headers": headers, "data": options.fields, "files": files}

    with progress_bar("sending") as update:
        # The gateway extracts an archive file before it answers.
        seconds = gateway.check_time()
        return gateway.send("POST", "/upload", form, silence_seconds=seconds).json()


class _Sending:
    """How many bytes this try has sent."""

    def __init__(self, gateway: Gateway, update: Update, total: int) -> None:
        self._gateway = gateway
        self._update = update
        self._total = total
        self._sent = 0
        update(0, total)

    def read(self, size: int) -> None:
        self._gateway.check_time()
        self._sent += size
        self._update(self._sent, self._total)
