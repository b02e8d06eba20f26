"""The command line of `hdv quarantine`."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from hdv.cli.studies import LOCAL, Timeout, Url

app = typer.Typer(help="What did not validate, and is kept.", no_args_is_help=True)

StudyId = Annotated[UUID, typer.Argument(metavar="ID", help="The study's id.")]
Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE...]",
        show_default=False,
        help="Names of files, as `show` tells them; all when none is given.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]


@app.command("list")
def list_studies(
    code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only studies rejected because of it.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only what came then or later: 2026-03-01T00:00:00Z."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what came before.")
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=1_000_000, help="How many studies at most.")
    ] = 100,
    json: Json = False,
    url: Url = LOCAL,
) -> None:
    """List the studies in quarantine, those that came last first."""
    from hdv.client.quarantine import Quarantine

    quarantine = Quarantine(url, json=json)
    raise typer.Exit(quarantine.list_studies(code=code, since=since, until=until, limit=limit))


@app.command()
def show(study_id: StudyId, json: Json = False, url: Url = LOCAL) -> None:
    """Show the files of a study, what is wrong with each, and what was done with them."""
    from hdv.client.quarantine import Quarantine

    raise typer.Exit(Quarantine(url, json=json).show(study_id))


@app.command()
def download(
    study_id: StudyId,
    files: Files = None,
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the study gets a folder.")
    ] = Path(),
    json: Json = False,
    url: Url = LOCAL,
) -> None:
    """Fetch files of a study, byte for byte. Nothing is overwritten."""
    from hdv.client.quarantine import Quarantine

    raise typer.Exit(Quarantine(url, json=json).download(study_id, files or [], to))


@app.command()
def resubmit(
    study_id: StudyId,
    files: Files = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Another profile than that of the upload."),
    ] = None,
    fixed: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="A fixed file, to be sent in place of the one named."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it is known what became of each file.")
    ] = False,
    timeout: Timeout = 3600.0,
    json: Json = False,
    url: Url = LOCAL,
) -> None:
    """Send files of a study on their way again, as a new upload; those in quarantine stay."""
    from hdv.client.quarantine import Quarantine

    quarantine = Quarantine(url, json=json, seconds=timeout)
    raise typer.Exit(
        quarantine.resubmit(study_id, files or [], profile=profile, fixed=fixed, wait=wait)
    )


@app.command()
def delete(
    study_id: StudyId,
    files: Files = None,
    yes: Yes = False,
    json: Json = False,
    url: Url = LOCAL,
) -> None:
    """Remove files of a study for good."""
    from hdv.client.quarantine import Quarantine

    raise typer.Exit(Quarantine(url, json=json).delete(study_id, files or [], sure=yes))


@app.command()
def purge(
    older_than_days: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="How long it has been there.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be removed.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
    url: Url = LOCAL,
) -> None:
    """Remove everything that has been in quarantine for long."""
    from hdv.client.quarantine import Quarantine

    quarantine = Quarantine(url, json=json)
    raise typer.Exit(quarantine.purge(older_than_days, dry_run=dry_run, sure=yes))
