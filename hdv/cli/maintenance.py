"""The commands that look after an installation: `hdv audit`, `doctor`, `verify` and `repair`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from hdv.cli.options import Archive, DataDirectory, Format, RedisUrl
from hdv.exit import ExitCode


def verify(
    data: DataDirectory = Path("data"),
    archive: Archive = None,
    quarantine: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", show_default=False,
            help="The directory of the quarantine.  [default: HDV_QUARANTINE_DIR, else that of "
            "--data]",
        ),
    ] = None,
    redis_url: RedisUrl = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", metavar="N", min=1, max=1024, show_default=False,
            help="How many studies to verify at the same time.  [default: one for each core]",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the last run, which was interrupted.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME", show_default=False,
            formats=["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"],
            help="Skip what was verified at this time (UTC) or later, such as "
            "2026-03-01T00:00:00Z.",
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", show_default=False,
            help="Where to note what was verified.  [default: verified.ndjson in --data]",
        ),
    ] = None,
    form: Format = "text",
) -> ExitCode:  # fmt: skip
    """Verify all that is stored, byte by byte.

    Services may run, but need not. The exit code is 0 if everything is as it should be, and 1 if
    there is a finding.
    """
    from datetime import UTC

    from hdv.admin.verify import VerifyOptions
    from hdv.admin.verify import verify as run

    return run(
        VerifyOptions(
            data=data,
            archive=archive,
            quarantine=quarantine,
            redis_url=redis_url,
            jobs=jobs,
            state=state,
            resume=resume,
            since=since.replace(tzinfo=UTC) if since else None,
            json=form == "json",
        )
    )


_TIMES = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]


def audit(
    data: DataDirectory = Path("data"),
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir", metavar="DIR", show_default=False,
            help="The directory of the audit log.  [default: HDV_AUDIT_DIR, else that of --data]",
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME", show_default=False, formats=_TIMES, help="From this time (UTC) on."
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME", show_default=False, formats=_TIMES, help="Before this time (UTC)."
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(
            metavar="ID", show_default=False, help="About this study: its id, or its UID for "
            "requests of DICOMweb.",
        ),
    ] = None,
    caller: Annotated[
        str | None,
        typer.Option(metavar="NAME", show_default=False, help="By this key, subject or service."),
    ] = None,
    kind: Annotated[
        Literal[
            "upload", "query", "read", "export", "change", "delete", "refusal", "start", "stop"
        ]
        | None,
        typer.Option(show_default=False, help="Of this kind."),
    ] = None,
    outcome: Annotated[
        Literal["success", "refused", "failed"] | None,
        typer.Option(show_default=False, help="With this outcome."),
    ] = None,
    form: Annotated[
        Literal["text", "ndjson", "dicom"],
        typer.Option("--format", "-f", help="The format; dicom is XML as of PS3.15 A.5."),
    ] = "text",
) -> None:  # fmt: skip
    """Show who did what to which study, when, from where, and how it ended.

    Reads the files of the audit log, and what retention has deleted.
    """
    from datetime import UTC

    from hdv.admin.audit import AuditOptions
    from hdv.admin.audit import audit as run

    run(
        AuditOptions(
            data=data,
            directory=directory,
            since=since.replace(tzinfo=UTC) if since else None,
            until=until.replace(tzinfo=UTC) if until else None,
            study=study,
            caller=caller,
            kind=kind,
            outcome=outcome,
            form=form,
        )
    )


def doctor(
    data: DataDirectory = Path("data"),
    redis_url: RedisUrl = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", "-u", metavar="URL", envvar="HDV_URL", show_envvar=False, show_default=False,
            help="The address of the gateway.  [default: HDV_URL, else that of --data, else the "
            "settings']",
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", show_default=False,
            help="The address of a further service process to ask; may be repeated.",
        ),
    ] = None,
    form: Format = "text",
) -> ExitCode:  # fmt: skip
    """Look at a running installation: what is wrong, and what to do about it.

    Looks at the settings of this environment, the volumes, Redis and the services. The exit code is
    1 if there is an error; a warning alone is none.
    """
    from hdv.admin.doctor.command import DoctorOptions
    from hdv.admin.doctor.command import doctor as run

    return run(
        DoctorOptions(
            data=data, redis_url=redis_url, url=url, services=service or (), json=form == "json"
        )
    )


def repair(data: DataDirectory = Path("data"), redis_url: RedisUrl = None) -> None:
    """Rebuild in Redis what follows from the stored studies.

    Rebuilds the index of UIDs and the status records, corrects records that are behind, and
    announces uploads that Redis has lost. Services may run, but need not; they do the same by
    themselves when Redis has lost everything.
    """
    from hdv.admin.repair import repair as run

    run(data, redis_url)
