"""The commands of `hdv dead-letters`."""

from typing import Annotated
from uuid import UUID

import typer

from hdv.cli.app import App
from hdv.cli.options import GATEWAY_URL, Format, Url

app = App("dead-letters", "List, replay and drop what could not be processed.", extra="client")

Letter = Annotated[
    str, typer.Argument(metavar="ID", help="A dead letter, as `hdv dead-letters list` shows it.")
]
Letters = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", show_default=False, help="Dead letters, as `list` shows them."),
]
Study = Annotated[
    UUID | None,
    typer.Option("--study", metavar="STUDY", show_default=False, help="Those about this study."),
]
Code = Annotated[
    str | None,
    typer.Option(
        "--code", "-c", metavar="CODE", show_default=False, help="Those with this reason."
    ),
]


@app.add(
    "hdv dead-letters list",
    "hdv dead-letters list --study 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11",
    name="list",
)
def list_letters(
    study: Study = None,
    code: Code = None,
    limit: Annotated[
        int,
        typer.Option("--limit", "-n", metavar="N", min=1, max=100_000, help="How many to show."),
    ] = 100,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:
    """List the messages that a service could not process, the latest first."""
    from hdv.client.dead_letters import DeadLetters

    DeadLetters(url, json=form == "json").list(study, code, limit)


@app.add("hdv dead-letters show 1772357400250-0")
def show(letter: Letter, form: Format = "text", url: Url = GATEWAY_URL) -> None:
    """Show a dead letter: its reason, and its event."""
    from hdv.client.dead_letters import DeadLetters

    DeadLetters(url, json=form == "json").show(letter)


@app.add(
    "hdv dead-letters replay 1772357400250-0",
    "hdv dead-letters replay --study 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11",
    "hdv dead-letters replay --all",
)
def replay(
    letters: Letters = None,
    study: Study = None,
    code: Code = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:
    """Deliver messages again: a study in `error` is retried.

    The events keep their ids. The study leaves the state `error` when it is archived or failed.
    """
    from hdv.client.dead_letters import DeadLetters

    client = DeadLetters(url, json=form == "json")
    client.replay(letters or [], study, code, everything=everything)


@app.add("hdv dead-letters drop 1772357400250-0")
def drop(
    letters: Annotated[
        list[str], typer.Argument(metavar="ID", help="Dead letters, as `list` shows them.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation prompt.")] = False,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:
    """Delete dead letters. The files of their studies stay where they are."""
    from hdv.client.dead_letters import DeadLetters

    DeadLetters(url, json=form == "json").drop(letters, confirmed=yes)
