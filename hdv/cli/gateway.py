"""The commands `hdv upload` and `hdv status`."""

from typing import Annotated

import typer

from hdv.cli.options import (
    GATEWAY_URL,
    Format,
    GatewayProfile,
    StudyId,
    Timeout,
    Url,
    Wait,
)
from hdv.exit import ExitCode


def upload(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", show_default=False,
            help="Files, folders and zip or tar files; the gateway extracts the latter.",
        ),
    ],
    wait: Wait = False,
    profile: GatewayProfile = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label", "-l", metavar="WORD", show_default=False,
            help="A word by which the upload can be found; never a patient's name.",
        ),
    ] = None,
    expected_instances: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, show_default=False,
            help="How many instances the study should have.",
        ),
    ] = None,
    timeout: Timeout = 3600.0,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> ExitCode:  # fmt: skip
    """Upload files to the gateway.

    All files become one upload. The exit code is 0 if the upload was accepted (with --wait: if no
    file was rejected), 1 if a file was rejected, 2 if the gateway refuses the upload, and 3 if the
    gateway is unavailable.
    """
    from hdv.client.upload import UploadOptions
    from hdv.client.upload import upload as send

    return send(
        UploadOptions(
            paths=paths,
            url=url,
            wait=wait,
            profile=profile,
            label=label,
            expected_instances=expected_instances,
            timeout=timeout,
            json=form == "json",
        )
    )


def status(
    study_id: StudyId,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Wait until nothing more happens to the study.")
    ] = False,
    timeout: Timeout = 3600.0,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> ExitCode:
    """Show the status of a study.

    The exit code is 0 if nothing is wrong with the study so far, 1 if a file was rejected or the
    study failed, 2 if there is no such study, and 3 if the gateway is unavailable.
    """
    from hdv.client.status import status as show

    return show(study_id, url, watch=watch, timeout=timeout, json=form == "json")
