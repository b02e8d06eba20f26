"""The commands of `hdv keys`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hdv.cli.app import App
from hdv.cli.options import DataDirectory, Format

app = App("keys", "Make, list and revoke API keys.", extra="server")


class KeyScope(StrEnum):
    """The scopes of `chassis.access.caller`, which help does not import."""

    UPLOAD = "upload"
    READ = "read"
    QUARANTINE = "quarantine"
    DELETE = "delete"
    ADMIN = "admin"


@app.add(
    "hdv keys create reading-room --scope read",
    "hdv keys create trial-42 -s upload -s read --label trial-42 --days 90",
)
def create(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What to call the key: who will use it.")
    ],
    scopes: Annotated[
        list[KeyScope],
        typer.Option(
            "--scope", "-s", metavar="SCOPE",
            help="What the key allows: upload, read, quarantine, delete, or admin, which is "
            "everything; may be repeated.",
        ),
    ],
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--label", "-l", metavar="WORD", show_default=False,
            help="Only studies with this label; may be repeated.  [default: all studies]",
        ),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", min=0.001, show_default=False,
            help="For how many days it is valid.  [default: until it is revoked]",
        ),
    ] = None,
    data: DataDirectory = Path("data"),
    form: Format = "text",
) -> None:  # fmt: skip
    """Make a key and write it to stdout; it is shown this once.

    Gateways admit it within two seconds. The file of keys is that of HDV_KEYS_FILE, else keys.json
    in --data. With the first key a gateway begins to require one for every request.
    """
    from chassis.access.caller import Scope
    from hdv.admin import keys

    path = keys.key_file(data)
    keys.create(path, name, [Scope(s) for s in scopes], labels or [], days, json=form == "json")


@app.add("hdv keys list", name="list")
def list_keys(data: DataDirectory = Path("data"), form: Format = "text") -> None:
    """List all keys, those that were revoked or have expired as well."""
    from hdv.admin import keys

    keys.show(keys.key_file(data), json=form == "json")


@app.add("hdv keys revoke 4f1d2a9c")
def revoke(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID", help="Keys, as `hdv keys list` shows them.")
    ],
    data: DataDirectory = Path("data"),
) -> None:
    """Revoke keys: gateways refuse them within two seconds, without a restart."""
    from hdv.admin import keys

    keys.revoke(keys.key_file(data), ids)
