"""The commands of `hdv quarantine`."""

from pathlib import Path
from typing import Annotated

import typer

from hdv.cli.app import App
from hdv.cli.options import (
    GATEWAY_URL,
    Format,
    GatewayProfile,
    StudyId,
    Timeout,
    Url,
    Wait,
    Yes,
)
from hdv.exit import ExitCode

app = App("quarantine", "List, fix, resubmit and delete rejected files.", extra="client")

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE", show_default=False,
        help="Names of files, as `hdv quarantine show` lists them.  [default: all files]",
    ),
]  # fmt: skip


@app.add(
    "hdv quarantine list",
    "hdv quarantine list --code structure.truncated --since 2026-03-01T00:00:00Z",
    name="list",
)
def list_studies(
    code: Annotated[
        str | None,
        typer.Option(
            "--code", "-c", metavar="CODE", show_default=False,
            help="Only studies with this error.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", show_default=False,
            help="Only studies rejected at this time or later, such as 2026-03-01T00:00:00Z.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", show_default=False, help="Only studies rejected before this time."
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", "-n", metavar="N", min=1, max=1_000_000, help="How many studies."),
    ] = 100,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:  # fmt: skip
    """List the studies in quarantine, the latest first."""
    from hdv.client.quarantine import Quarantine

    quarantine = Quarantine(url, json=form == "json")
    quarantine.list_studies(code=code, since=since, until=until, limit=limit)


@app.add("hdv quarantine show 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
def show(study_id: StudyId, form: Format = "text", url: Url = GATEWAY_URL) -> None:
    """Show the files of a study, with findings and resubmissions."""
    from hdv.client.quarantine import Quarantine

    Quarantine(url, json=form == "json").show(study_id)


@app.add("hdv quarantine download 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11 -o rejected")
def download(
    study_id: StudyId,
    files: Files = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="The directory in which to make a folder."
        ),
    ] = Path(),
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:
    """Download files of a study into a folder named after it.

    Existing files are never overwritten.
    """
    from hdv.client.quarantine import Quarantine

    Quarantine(url, json=form == "json").download(study_id, files or [], output)


@app.add(
    "hdv quarantine resubmit 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11 --profile lenient",
    "hdv quarantine resubmit 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11 000002.dcm --fixed new.dcm",
)
def resubmit(
    study_id: StudyId,
    files: Files = None,
    fixed: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", show_default=False, help="A fixed file that replaces the one named."
        ),
    ] = None,
    profile: GatewayProfile = None,
    wait: Wait = False,
    timeout: Timeout = 3600.0,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> ExitCode:
    """Validate files of a study again, as a new upload.

    The files remain in quarantine. Without --profile they are validated with the same profile as
    before.
    """
    from hdv.client.quarantine import Quarantine

    quarantine = Quarantine(url, json=form == "json", seconds=timeout)
    return quarantine.resubmit(study_id, files or [], profile=profile, fixed=fixed, wait=wait)


@app.add("hdv quarantine delete 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11 000002.dcm")
def delete(
    study_id: StudyId,
    files: Files = None,
    yes: Yes = False,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:
    """Delete files of a study permanently."""
    from hdv.client.quarantine import Quarantine

    Quarantine(url, json=form == "json").delete(study_id, files or [], confirmed=yes)


@app.add("hdv quarantine purge --older-than-days 90 --dry-run")
def purge(
    older_than_days: Annotated[
        float,
        typer.Option(
            metavar="DAYS", min=0, show_default=False,
            help="Delete what has been in quarantine for more days than this.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what would be deleted.")
    ] = False,
    yes: Yes = False,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:  # fmt: skip
    """Delete old files of all studies permanently."""
    from hdv.client.quarantine import Quarantine

    quarantine = Quarantine(url, json=form == "json")
    quarantine.purge(older_than_days, dry_run=dry_run, confirmed=yes)
