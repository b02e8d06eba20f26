"""The command line of `hdv upload` and `hdv status`."""

from typing import Annotated
from uuid import UUID

import typer

Url = Annotated[
    str,
    typer.Option(
        metavar="URL", envvar="HDV_URL", show_envvar=False, show_default=False,
        help="Address of the gateway  [default: HDV_URL, else http://127.0.0.1:8000]",
    ),
]  # fmt: skip
Timeout = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=0.1, help="How long everything may take."),
]
LOCAL = "http://127.0.0.1:8000"


def upload(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            show_default=False,
            help="Files, folders and archives; archives are unpacked by the gateway.",
        ),
    ],
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it is known what became of each file.")
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to ask for: a profile that the gateway knows."),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="A word to find the upload by; no patient's name."),
    ] = None,
    expected_instances: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many instances the study should have."),
    ] = None,
    timeout: Timeout = 3600.0,
    json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
    url: Url = LOCAL,
) -> None:
    """Send files to the gateway, all in one upload.

    The exit code is 0 when all went well, 1 when a file was rejected (with --wait), 2 when the
    command or the upload is not right, 3 when the gateway does not answer, or not in time.
    """
    from hdv.client.upload import Options
    from hdv.client.upload import upload as send

    options = Options(
        paths=paths,
        url=url,
        wait=wait,
        profile=profile,
        label=label,
        expected_instances=expected_instances,
        timeout=timeout,
        json=json,
    )
    raise typer.Exit(send(options))


def status(
    study_id: Annotated[UUID, typer.Argument(metavar="ID", help="The study's id.")],
    watch: Annotated[
        bool, typer.Option("--watch", help="Wait until nothing more happens to it.")
    ] = False,
    timeout: Timeout = 3600.0,
    json: Annotated[bool, typer.Option("--json", help="Write the record as JSON.")] = False,
    url: Url = LOCAL,
) -> None:
    """Tell what is known of a study.

    The exit code is 0 when nothing is wrong with it so far, 1 when a file was rejected, or all of
    it, 2 when there is no such study, 3 when the gateway does not answer, or not in time.
    """
    from hdv.client.status import status as show

    raise typer.Exit(show(study_id, url, watch=watch, timeout=timeout, json=json))
