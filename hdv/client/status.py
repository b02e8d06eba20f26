"""`hdv status`: the status record of a study."""

from collections.abc import Iterator
from uuid import UUID

from hdv.client.gateway import Gateway
from hdv.client.upload_outcome import Json, await_outcome, count_text, exit_code
from hdv.exit import ExitCode
from hdv.terminal.text import print_json, print_line, time_text


def status(
    study_id: UUID,
    url: str,
    *,
    watch: bool,
    timeout: float,
    json: bool,
) -> ExitCode:
    """Show the status of a study, at once or when nothing more happens to it.

    Raises:
        CommandError: there is no such study, or the gateway is unavailable.
    """
    with Gateway(url, seconds=timeout) as gateway:
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


def _lines(record: Json) -> Iterator[str]:
    """The record for people."""
    facts = {
        "study": record["study_id"],
        "status": f"{record['status']}  {time_text(record['updated_at'])}",
        "reason": " ".join((record.get("reason") or {}).values()),
        "label": record.get("label"),
        "files": count_text(record.get("files") or {}),
        "modalities": ", ".join(record.get("modalities") or ()),
        "upload": record.get("upload_id"),
        "studies": ", ".join(record.get("studies") or ()),
        "same as": ", ".join(record.get("duplicate_of") or ()),
    }
    for name, value in facts.items():
        if value:
            yield f"{name:<11}{value}"
    yield ""
    yield from map(_step, record.get("history", ()))
    if findings := record.get("findings"):
        yield ""
        for finding in findings:
            yield from _finding(finding)


def _step(entry: Json) -> str:
    """A state that the study went through."""
    seconds = entry.get("duration_seconds")
    duration = "" if seconds is None else f"  {seconds:.3f} s"
    return (
        f"{entry['state']:<11}{time_text(entry['time'])}  {entry['service']:<10}{duration}".rstrip()
    )


def _finding(finding: Json) -> Iterator[str]:
    place = finding.get("keyword") or finding.get("path")
    where = f"  {place}" if place else ""
    times = f"  ({finding['count']} times)" if finding["count"] > 1 else ""
    yield f"{finding['severity']:<9}{finding['code']}{where}{times}"
    yield f"{'':<9}{finding['message']}"
