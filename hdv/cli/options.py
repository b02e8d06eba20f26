"""Options that several commands have, each with one name, one letter and one meaning."""

from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

GATEWAY_URL = "http://127.0.0.1:8000"


def _complete_profile(incomplete: str) -> list[str]:
    return [name for name in ("default", "strict", "lenient") if name.startswith(incomplete)]


Profile = Annotated[
    str,
    typer.Option(
        "--profile", "-p", metavar="PROFILE", autocompletion=_complete_profile,
        help="The rules to apply: default, strict, lenient, or the path of a profile file.",
    ),
]  # fmt: skip
GatewayProfile = Annotated[
    str | None,
    typer.Option(
        "--profile", "-p", metavar="NAME", autocompletion=_complete_profile, show_default=False,
        help="The rules to apply: the name of a profile that the gateway knows.",
    ),
]  # fmt: skip
Format = Annotated[
    Literal["text", "json"], typer.Option("--format", "-f", help="The format of the result.")
]
Url = Annotated[
    str,
    typer.Option(
        "--url", "-u", metavar="URL", envvar="HDV_URL", show_envvar=False, show_default=False,
        help=f"The address of the gateway.  [default: HDV_URL, else {GATEWAY_URL}]",
    ),
]  # fmt: skip
RedisUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", show_default=False,
        help="The address of Redis.  [default: HDV_REDIS_URL, else that of --data, else "
        "redis://127.0.0.1:6379/0]",
    ),
]  # fmt: skip
UpData = Annotated[
    Path,
    typer.Option(
        "--data", "-d", metavar="DIR",
        help="The data directory of a running `hdv up`, whose Redis is used.",
    ),
]  # fmt: skip
DataDirectory = Annotated[
    Path, typer.Option("--data", "-d", metavar="DIR", help="The data directory of an `hdv up`.")
]
Archive = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", show_default=False,
        help="The directory of the archive.  [default: HDV_ARCHIVE_DIR, else that of --data]",
    ),
]  # fmt: skip
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", "-t", metavar="SECONDS", min=0.1, help="The longest time to wait for a result."
    ),
]
Wait = Annotated[
    bool, typer.Option("--wait", "-w", help="Wait until the outcome of every file is known.")
]
StudyId = Annotated[
    UUID, typer.Argument(metavar="ID", show_default=False, help="The id of the study.")
]
StudyIds = Annotated[
    list[UUID],
    typer.Argument(metavar="ID", show_default=False, help="The ids of the studies."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation prompt.")]
