"""What all commands have in common: how they end, and how their help is laid out."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from hdv.exit import CommandError, ExitCode, run

Function = TypeVar("Function", bound=Callable[..., ExitCode | None])


class Command(TyperCommand):
    """A command whose function returns its exit code or raises `CommandError`."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 -- the context is a private class of typer
        """Run the command and exit."""
        invoke = super().invoke
        ctx.exit(run(ctx.command_path, lambda: invoke(ctx)))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401 -- private, too
        """Write `PATH...` where typer writes `{PATH}...`."""
        return [re.sub(r"[{}]", "", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 -- private, too
        """Write arguments without their types, such as `<list[str]>`."""
        parameters: list[Any] = self.params
        for parameter in parameters:
            if parameter.param_type_name == "argument":
                parameter.display_type = lambda _: ""
        super().format_options(ctx, formatter)


class Group(TyperGroup):
    """A group whose help lists commands under the headings that they are registered with."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 -- private, too
        """Write the sections of commands."""
        sections: dict[str, list[tuple[str, Any]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            sections.setdefault(command.rich_help_panel or "Commands", []).append((name, command))
        width = max(len(name) for commands in sections.values() for name, _ in commands)
        limit = formatter.width - 6 - width
        for heading, commands in sections.items():
            rows = [(f"{name:<{width}}", each.get_short_help_str(limit)) for name, each in commands]
            with formatter.section(heading):
                formatter.write_dl(rows)


class App(typer.Typer):
    """A group of commands.

    Args:
        name: of the group.
        description: first line of its help.
        extra: the extra of our distribution that its commands need, unless they name another.
    """

    def __init__(self, name: str, description: str, *, extra: str | None = None) -> None:
        self._extra = extra
        super().__init__(
            name=name,
            help=description,
            cls=Group,
            no_args_is_help=True,
            # Plain text: an error is a line, not a box.
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
        )

    def add(
        self,
        *examples: str,
        name: str | None = None,
        heading: str | None = None,
        extra: str | None = None,
    ) -> Callable[[Function], Function]:
        """Decorates a function that becomes a command.

        Args:
            examples: lines to type, shown at the end of the command's help.
            name: of the command; None for that of the function.
            heading: under which the group's help lists the command.
            extra: the extra of our distribution that the command needs.
        """
        # click joins the lines of a paragraph unless it begins with \b.
        epilog = "\n".join(("\b", "Examples:", *(f"  {example}" for example in examples)))
        register = self.command(name, cls=Command, epilog=epilog, rich_help_panel=heading)

        def decorate(function: Function) -> Function:
            needed = extra or self._extra
            register(_needing(needed, function) if needed else function)
            return function

        return decorate


def _needing(extra: str, function: Callable[..., ExitCode | None]) -> Callable[..., Any]:
    """The function with a hint what to install if a module is missing."""

    @wraps(function)
    def command(*arguments: object, **options: object) -> ExitCode | None:
        try:
            return function(*arguments, **options)
        except ModuleNotFoundError as error:
            distribution = f"'hybrid-dicom-validator[{extra}]'"
            raise CommandError(
                f"{error.name} is not installed: pip install {distribution} "
                f"(or uv tool install {distribution})"
            ) from None

    return command
