"""The commands that run the services or work beside them: `hdv up`, `hdv events`, `hdv index`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hdv.cli.app import App
from hdv.cli.options import Archive, RedisUrl, UpData, Yes
from hdv.exit import ExitCode

events = App("events", "Show or check the events on the bus.", extra="server")
index = App("index", "Maintain the index of the archive.", extra="server")

_LAST_PORT = 65535
_MOST_VALIDATORS = 256
_MOST_GATEWAYS = 64


def up(
    data: Annotated[
        Path, typer.Option("--data", "-d", metavar="DIR", help="The directory for all data.")
    ] = Path("data"),
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="The address that the gateway listens on; the other services stay local.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=1, max=_LAST_PORT - _MOST_VALIDATORS - 3,
            help="The port of the gateway; the other services use the ports after it.",
        ),
    ] = 8000,
    gateways: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=_MOST_GATEWAYS,
            help="The number of gateway processes; they share the port.",
        ),
    ] = 1,
    validators: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=_MOST_VALIDATORS, help="The number of validator processes."
        ),
    ] = 1,
    redis_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=1, max=_LAST_PORT, show_default=False,
            help="The port of Redis.  [default: 6379, or any free port if that is taken]",
        ),
    ] = None,
    start_seconds: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=1, max=86_400,
            help="How long the services may take until they are ready.",
        ),
    ] = 600,
) -> None:  # fmt: skip
    """Run Redis and all services on this machine until Ctrl-C.

    The log of the services goes to stdout, everything else to stderr. The exit code is 1 if a
    service does not run, and 2 if nothing could be started.
    """
    from hdv.up.run import UpOptions
    from hdv.up.run import up as run

    run(
        UpOptions(
            data=data.absolute(),
            host=host,
            port=port,
            gateways=gateways,
            validators=validators,
            redis_port=redis_port,
            start_seconds=start_seconds,
        )
    )


@events.add("hdv events tail", "hdv events tail --from 0 --type study.archived --format ndjson")
def tail(
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="ID", show_default=False,
            help="Start after this place: a cursor, the id of an entry, or 0 for the oldest event. "
            "[default: only new events]",
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", metavar="TYPE", show_default=False,
            help="Only events of this type; may be repeated.",
        ),
    ] = None,
    form: Annotated[
        Literal["text", "ndjson"],
        typer.Option(
            "--format", "-f", help="ndjson is one object on each line, with `cursor` and `event`."
        ),
    ] = "text",
    redis_url: RedisUrl = None,
    data: UpData = Path("data"),
) -> None:  # fmt: skip
    """Show events, the oldest first, until Ctrl-C.

    While Redis is unavailable the command waits; no event is missing or repeated afterwards.
    """
    from hdv.admin.events import tail as show

    show((redis_url, data), start, types or [], json=form == "ndjson")


@events.add("hdv events verify", "hdv events verify --follow")
def verify(
    follow: Annotated[
        bool, typer.Option("--follow", help="Also check new messages, until Ctrl-C.")
    ] = False,
    redis_url: RedisUrl = None,
    data: UpData = Path("data"),
) -> ExitCode:
    """Check all messages against the AsyncAPI document.

    Checks every entry of every stream, and with --follow every live message. Each violation is
    shown as a sentence without values of the message; the exit code is then 1.
    """
    from hdv.admin.events import verify as check

    return check((redis_url, data), follow=follow)


@index.add("hdv index rebuild --archive /srv/hdv/archive")
def rebuild(
    archive: Archive = None,
    redis_url: RedisUrl = None,
    data: UpData = Path("data"),
    yes: Yes = False,
) -> None:  # fmt: skip
    """Rebuild the index of UIDs in Redis from the archive.

    Services may be at work: they reserve nothing until the index is complete. Nothing is changed in
    a Redis that belongs to another archive.
    """
    from hdv.admin.index import rebuild as run

    run(archive, redis_url, data, confirmed=yes)
