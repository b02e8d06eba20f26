"""The command line of `hdv`: what may be said on it; every command loads its own part."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hdv.cli import quarantine as cli_quarantine
from hdv.cli import studies as cli_studies

app = typer.Typer(
    help="Hybrid DICOM Validator.",
    no_args_is_help=True,
    add_completion=False,
    # Plain text: an error is a line, not a box.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
events = typer.Typer(help="What happens on the event bus.", no_args_is_help=True)
app.add_typer(events, name="events")
index = typer.Typer(help="The index of the archive by UID.", no_args_is_help=True)

_LAST_PORT = 65535
_MOST_VALIDATORS = 256

RedisUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Address of Redis  [default: HDV_REDIS_URL, else that of --data, "
        "else redis://127.0.0.1:6379/0]",
    ),
]
UpData = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR", help="Data directory of a running `hdv up`, whose Redis is used."
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        metavar="PROFILE",
        help="What to ask for: default, strict, lenient, or the path of a profile file.",
    ),
]


@app.command()
def validate(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            show_default=False,
            help="Files, folders and zip archives; - is standard input.",
        ),
    ],
    profile: ProfileName = "default",
    form: Annotated[
        Literal["text", "json", "ndjson", "csv", "sarif"],
        typer.Option("--format", help="How the report is written."),
    ] = "text",
    decode: Annotated[
        Literal["none", "first", "all"] | None,
        typer.Option(
            help="Which frames to decode  [default: what the profile says]", show_default=False
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Files that are examined at the same time  [default: one for each core]",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show no progress, and in text only errors.")
    ] = False,
    show_values: Annotated[
        bool,
        typer.Option("--show-values", help="Show values that a person may be known by."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report to a file.")
    ] = None,
    expected_instances: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many files each study should have."),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.01, help="How long one file may take."),
    ] = 120.0,
) -> None:
    """Tell whether DICOM files are valid, and where and why not.

    Needs no server. The exit code is 0 when all is valid, 1 when there is an error, 2 when the
    command is not right.
    """
    from hdv.validation.run import Options
    from hdv.validation.run import validate as run_validation

    options = Options(
        paths=paths,
        profile=profile,
        format=form,
        decode=decode,
        jobs=jobs,
        quiet=quiet,
        show_values=show_values,
        output=output,
        expected_instances=expected_instances,
        time_limit=time_limit,
    )
    raise typer.Exit(run_validation(options))


@app.command()
def rules(
    form: Annotated[
        Literal["text", "json", "markdown"],
        typer.Option("--format", help="How the list is written."),
    ] = "text",
    profile: ProfileName = "default",
) -> None:
    """List every rule, and how much breaking it weighs."""
    from hdv.validation.rules import print_rules

    raise typer.Exit(print_rules(form, profile))


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Code of a finding.")],
) -> None:
    """Tell what a code means, why it matters, and how to fix it."""
    from hdv.validation.rules import explain as explain_code

    raise typer.Exit(explain_code(code))


app.command()(cli_studies.upload)
app.command()(cli_studies.status)
app.add_typer(cli_quarantine.app, name="quarantine")
app.add_typer(index, name="index")


@app.command()
def up(
    data: Annotated[Path, typer.Option(help="Directory of everything that is kept.")] = Path(
        "data"
    ),
    host: Annotated[
        str, typer.Option(help="Address that the gateway listens on; the rest stays local.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            help="Port of the gateway; the other services take the next ones.",
            min=1,
            max=_LAST_PORT - _MOST_VALIDATORS - 3,
        ),
    ] = 8000,
    validators: Annotated[
        int, typer.Option(help="Number of validator processes.", min=1, max=_MOST_VALIDATORS)
    ] = 1,
    redis_port: Annotated[
        int | None,
        typer.Option(
            help="Port of Redis  [default: 6379, or any when that is taken]", min=1, max=_LAST_PORT
        ),
    ] = None,
) -> None:
    """Run Redis and all services on this machine until Ctrl-C.

    The services' logs go to stdout, everything else to stderr.
    """
    from hdv.up.preflight import CannotStart
    from hdv.up.run import Failed, Options
    from hdv.up.run import up as run_everything

    options = Options(
        data=data.absolute(), host=host, port=port, validators=validators, redis_port=redis_port
    )
    try:
        run_everything(options, _say)
    except CannotStart as error:
        _say(f"hdv up: {error}")
        raise typer.Exit(2) from None
    except Failed as error:
        _say(f"hdv up: {error}")
        raise typer.Exit(1) from None


@events.command()
def tail(
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ID",
            help="Begin after this place: a cursor, an entry's id, or 0 for the oldest event kept; "
            "without it only new events are shown.",
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", metavar="TYPE", help="Only events of this type; may be given several times."
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: `cursor` and `event`.")
    ] = False,
    redis_url: RedisUrl = None,
    data: UpData = Path("data"),
) -> None:
    """Show events, oldest first, until Ctrl-C.

    Redis may be away for a while: nothing is left out or repeated.
    """
    from hdv.admin import events as bus

    bus.tail((redis_url, data), start, types or [], json=json)


@events.command()
def verify(
    follow: Annotated[
        bool, typer.Option(help="Go on with what is sent from now on, until Ctrl-C.")
    ] = False,
    redis_url: RedisUrl = None,
    data: UpData = Path("data"),
) -> None:
    """Hold all messages on a running Redis against the AsyncAPI document.

    Every entry of every stream is checked, with --follow every live message as well. Each violation
    is told in a sentence without values of the message. The exit code is 1 when there is one.
    """
    from hdv.admin import events as bus

    bus.verify((redis_url, data), follow=follow)


@index.command()
def rebuild(
    archive: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The archive  [default: what the descriptor uses]"),
    ] = None,
    redis_url: RedisUrl = None,
    data: UpData = Path("data"),
) -> None:
    """Make the index of the archive again, from what lies there.

    Stop the services before: what they file meanwhile may be left out.
    """
    from hdv.admin.index import rebuild as rebuild_index

    raise typer.Exit(rebuild_index(archive, redis_url, data))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib import metadata

    typer.echo(metadata.version("hybrid-dicom-validator"))


def _say(text: str) -> None:
    typer.echo(text, err=True)
