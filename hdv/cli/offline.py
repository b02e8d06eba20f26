"""The commands that need no server: `hdv validate`, `hdv rules` and `hdv explain`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hdv.cli.options import Profile
from hdv.exit import ExitCode


def validate(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", show_default=False,
            help="Files, folders, and zip or tar files; - is standard input.",
        ),
    ],
    profile: Profile = "default",
    form: Annotated[
        Literal["text", "json", "ndjson", "csv", "sarif"],
        typer.Option("--format", "-f", help="The format of the report."),
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", show_default=False, help="Write the report to a file."
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show no progress, and only errors in text.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", metavar="N", min=1, max=1024, show_default=False,
            help="How many files to examine at the same time.  [default: one for each core]",
        ),
    ] = None,
    decode: Annotated[
        Literal["none", "first", "all"] | None,
        typer.Option(
            show_default=False, help="Which frames to decode.  [default: as the profile says]"
        ),
    ] = None,
    show_values: Annotated[
        bool,
        typer.Option("--show-values", help="Show values that may identify a person."),
    ] = False,
    expected_instances: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, show_default=False,
            help="How many instances each study should have.",
        ),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.01, help="The CPU time for one file."),
    ] = 120.0,
) -> ExitCode:  # fmt: skip
    """Validate DICOM files.

    Shows whether files are valid, and what is wrong with those that are not. The exit code is 0 if
    everything is valid, 1 if there is an error, and 2 if the command cannot be carried out.
    """
    from hdv.validation.run import ValidateOptions
    from hdv.validation.run import validate as run

    return run(
        ValidateOptions(
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
    )


def rules(
    profile: Profile = "default",
    form: Annotated[
        Literal["text", "json", "markdown"],
        typer.Option("--format", "-f", help="The format of the list."),
    ] = "text",
) -> None:
    """List all rules with their severity."""
    from hdv.validation.rules import print_rules

    print_rules(form, profile)


def _complete_code(incomplete: str) -> list[str]:
    from engine.rules.catalogue import RULES

    return [code for code in RULES if code.startswith(incomplete)]


def explain(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", show_default=False, autocompletion=_complete_code,
            help="The code of a finding.",
        ),
    ],
) -> None:  # fmt: skip
    """Explain a code: what it means, why it matters, how to fix it."""
    from hdv.validation.rules import explain as print_explanation

    print_explanation(code)
