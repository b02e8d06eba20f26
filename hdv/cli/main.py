"""The `hdv` command: all commands in groups, `--version` and `--help`."""

from typing import Annotated

import typer

from hdv.cli import dead_letters, gateway, keys, maintenance, offline, quarantine, services, studies
from hdv.cli.app import App

OFFLINE = "Without a server"
CLIENT = "With a gateway"
SERVICES = "Running the services"

app = App("hdv", "Validate DICOM files, and run or use a Hybrid DICOM Validator.")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(metadata.version("hybrid-dicom-validator"))
        raise typer.Exit


@app.callback()
def hdv(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", is_eager=True, callback=_print_version, help="Show the version."
        ),
    ] = False,
) -> None:
    """Validate DICOM files, and run or use a Hybrid DICOM Validator.

    Run `hdv COMMAND --help` for the options of a command, with examples.
    """


app.add(
    "hdv validate study/",
    "hdv validate study.zip --profile strict --format json --output report.json",
    "cat image.dcm | hdv validate -",
    heading=OFFLINE,
)(offline.validate)
app.add("hdv rules", "hdv rules --profile site.yaml --format json", heading=OFFLINE)(offline.rules)
app.add("hdv explain pixel.length-short", heading=OFFLINE)(offline.explain)
app.add(
    "hdv upload study/ --wait",
    "hdv upload a.dcm b.dcm --label trial-42 --url https://hdv.example.org",
    heading=CLIENT,
    extra="client",
)(gateway.upload)
app.add(
    "hdv status 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11 --watch",
    heading=CLIENT,
    extra="client",
)(gateway.status)
app.add_typer(studies.app, rich_help_panel=CLIENT)
app.add_typer(quarantine.app, rich_help_panel=CLIENT)
app.add_typer(dead_letters.app, rich_help_panel=CLIENT)
app.add(
    "hdv up",
    "hdv up --port 9000 --validators 2 --data /srv/hdv",
    heading=SERVICES,
    extra="local",
)(services.up)
app.add_typer(keys.app, rich_help_panel=SERVICES)
app.add_typer(services.events, rich_help_panel=SERVICES)
app.add_typer(services.index, rich_help_panel=SERVICES)
app.add(
    "hdv audit --since 2026-03-01",
    "hdv audit --study 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11 --kind export",
    "hdv audit --outcome refused --format ndjson",
    heading=SERVICES,
    extra="server",
)(maintenance.audit)
app.add(
    "hdv doctor",
    "hdv doctor --data /srv/hdv --format json",
    "hdv doctor --url http://gateway:8000 --service http://validator:8002",
    heading=SERVICES,
    extra="server",
)(maintenance.doctor)
app.add(
    "hdv verify",
    "hdv verify --data /srv/hdv --format json",
    "hdv verify --resume",
    heading=SERVICES,
    extra="server",
)(maintenance.verify)
app.add("hdv repair --data /srv/hdv", heading=SERVICES, extra="server")(maintenance.repair)
