"""`hdv audit`: shows and filters the audit log."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from pathlib import Path

from pydantic import ValidationError

from chassis.runtime.settings import ConfigurationError, load
from gateway.audit.dicom import audit_message
from gateway.audit.files import read_records
from gateway.audit.record import AuditRecord, Kind, Outcome
from gateway.deletion.audit_trail import Removal
from gateway.retention import REQUESTED_BY
from gateway.settings import GatewaySettings
from hdv.exit import CommandError
from hdv.terminal.text import print_line
from storage.study_store import StudyStore


@dataclass(frozen=True)
class AuditOptions:
    """The options of the command; `hdv audit --help` explains them."""

    data: Path
    directory: Path | None
    since: datetime | None
    until: datetime | None
    study: str | None
    caller: str | None
    kind: str | None
    outcome: str | None
    form: str


def audit(options: AuditOptions) -> None:
    """Show records, the oldest first.

    Raises:
        CommandError: a setting is wrong, or there is no audit log.
    """
    settings = _settings(options)
    try:
        records = read_records(settings.audit_dir)
        by_age = sorted(_removed_by_age(settings.studies), key=lambda record: record.time)
        for record in merge(records, by_age, key=lambda record: record.time):
            if _fits(record, options):
                _show(record, options.form)
    except FileNotFoundError:
        raise CommandError(f"{settings.audit_dir}: there is no audit log") from None
    except PermissionError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None


def _settings(options: AuditOptions) -> GatewaySettings:
    given: dict[str, object] = {}
    if options.directory or "HDV_AUDIT_DIR" not in os.environ:
        given["audit_dir"] = options.directory or options.data / "audit"
    if "HDV_QUARANTINE_DIR" not in os.environ:
        given["quarantine_dir"] = options.data / "quarantine"
    try:
        return load(GatewaySettings, **given)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None


def _removed_by_age(studies: StudyStore) -> Iterator[AuditRecord]:
    """What retention has removed: no request asked for it, so only the trail of removals has it."""
    last = None
    for line in studies.removals.lines():
        try:
            removal = Removal.model_validate_json(line)
        except ValidationError:  # `hdv verify` finds it
            continue
        # A line for each file; one record for each study.
        if removal.requested_by == REQUESTED_BY and removal.study_id != last:
            last = removal.study_id
            yield AuditRecord(
                time=removal.time,
                kind=Kind.DELETE,
                outcome=Outcome.SUCCESS,
                caller=REQUESTED_BY,
                study_ids=(str(removal.study_id),),
            )


def _fits(record: AuditRecord, options: AuditOptions) -> bool:
    return (
        (options.since is None or record.time >= options.since)
        and (options.until is None or record.time < options.until)
        and (options.study is None or options.study in record.study_ids)
        and (options.caller is None or is_by(record.caller, options.caller))
        and options.kind in {None, record.kind.value}
        and options.outcome in {None, record.outcome.value}
    )


def is_by(caller: str, wanted: str) -> bool:
    """Whether a caller has a name, or is called so: `key ID NAME` and `token of SUBJECT`."""
    if caller.startswith("key "):
        _, key_id, name = [*caller.split(" ", 2), ""][:3]
        return wanted in {caller, key_id, name}
    return wanted in {caller, caller.removeprefix("token of ")}


def _show(record: AuditRecord, form: str) -> None:
    if form == "ndjson":
        print_line(record.to_json().decode())
    elif form == "dicom":
        print_line(audit_message(record).decode())
    else:
        print_line(_line(record))


def _line(record: AuditRecord) -> str:
    time = record.time.isoformat(timespec="seconds").replace("+00:00", "Z")
    who = f"{record.caller} at {record.address}" if record.address else record.caller
    what = f"{record.method} {record.route} {record.status}" if record.method else None
    parts = (what, *record.study_ids, record.detail)
    return "  ".join([time, f"{record.kind:<8}{record.outcome:<8}{who}", *filter(None, parts)])
