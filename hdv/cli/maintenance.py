"""The commands that look after an installation: `hdv doctor`, `hdv verify` and `hdv repair`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

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
