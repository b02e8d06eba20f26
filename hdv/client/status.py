"""`hdv status`: what is known of a study."""

from collections.abc import Iterator
from uuid import UUID

import httpx

from hdv.client.gateway import Gateway
from hdv.client.outcome import Json, await_outcome, count_text, exit_code, print_json, print_line
from hdv.exit import run


def status(
    study_id: UUID,
    url: str,
    *,
    watch: bool,
    timeout: float,
    json: bool,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """Show the status of a study, at once or when nothing more happens to it.

    Returns:
        The exit code.
    """

    def show() -> int:
        with Gateway(url, seconds=timeout, transport=transport) as gateway:
            if watch:
                outcome = await_outcome(gateway, str(study_id))
                record, code = outcome.records[0], outcome.exit_code
            else:
                record = gateway.get(f"/status/{study_id}")
                code = exit_code(record)
        if json:
            print_json(record)
        else:
            for line in _lines(record):
                print_line(line)
        return code

    return run("hdv status", show)


def _lines(record: Json) -> Iterator[str]:
    """A record for people."""
    facts = {
        "study": record["study_id"],
        "status": f"{record['status']}  {record['updated_at']}",
        "reason": " ".join((record.get("reason") or {}).values()),
        "label": record.get("label"),
        "files": count_text(record.get("files") or {}),
        "modalities": ", ".join(record.get("modalities") or ()),
        "upload": record.get("upload_id"),
        "studies": ", ".join(record.get("studies") or ()),
    }
    for name, value in facts.items():
        if value:
            yield f"{name:<11}{value}"
    yield ""
    for entry in record.get("history", ()):
        seconds = entry.get("duration_seconds")
        lasted = "" if seconds is None else f"  {seconds:.3f} s"
        yield f"{entry['state']:<11}{entry['time']}  {entry['service']}{lasted}"
    if findings := record.get("findings"):
        yield ""
        for finding in findings:
            place = finding.get("keyword") or finding.get("path")
            where = f"  {place}" if place else ""
            times = f"  ({finding['count']} times)" if finding["count"] > 1 else ""
            yield f"{finding['severity']:<9}{finding['code']}{where}{times}"
            yield f"{'':<9}{finding['message']}"
