"""Questions to the user at a terminal."""

import sys

import typer

from hdv.exit import CommandError


def has_terminal() -> bool:
    """Whether the user can see a question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> None:
    """Ask for confirmation.

    Raises:
        CommandError: the answer is no, or there is no terminal.
        KeyboardInterrupt: the user pressed Ctrl-C.
    """
    if not has_terminal():
        raise CommandError("there is no terminal to ask for confirmation; --yes skips the prompt")
    try:
        is_confirmed = typer.confirm(question, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None
    if not is_confirmed:
        raise CommandError("not confirmed: nothing was done")
