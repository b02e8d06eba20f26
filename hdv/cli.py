"""The command line of `hdv`."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from hdv import events
from hdv.preflight import CannotStart
from hdv.up import Failed, Options
from hdv.up import up as run_everything

app = typer.Typer(
    help="Hybrid DICOM Validator.",
    no_args_is_help=True,
    add_completion=False,
    # Plain text: an error is a line, not a box.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.add_typer(events.app, name="events")

_LAST_PORT = 65535
_MOST_VALIDATORS = 256


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


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(metadata.version("hybrid-dicom-validator"))


def _say(text: str) -> None:
    typer.echo(text, err=True)
