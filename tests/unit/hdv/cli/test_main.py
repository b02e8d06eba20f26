"""What all commands of `hdv` have in common: help, version, completion, options."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner, Result

from hdv.cli import app


def hdv(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, arguments, env=environment)


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its name in parts."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, each in command.commands.items():
        yield from commands(each, *path, name)


COMMANDS = dict(commands(typer.main.get_command(app)))
NAMES = [pytest.param(path, id=" ".join(path)) for path in COMMANDS]


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_shown(option: str) -> None:
    result = hdv(option)
    assert (result.exit_code, result.stdout) == (0, f"{version('hybrid-dicom-validator')}\n")


def test_help_lists_the_commands_in_groups() -> None:
    text = hdv("--help").stdout
    headings = re.findall(r"^(\w[^:]*):$", text, re.MULTILINE)
    assert headings == ["Options", "Without a server", "With a gateway", "Running the services"]
    offline = text.partition("Without a server:")[2].partition("\n\n")[0]
    assert re.findall(r"^  (\w+) ", offline, re.MULTILINE) == ["validate", "rules", "explain"]


@pytest.mark.parametrize("path", NAMES)
def test_every_command_has_help_with_examples(path: tuple[str, ...]) -> None:
    text = hdv(*path, "-h").stdout
    assert text == hdv(*path, "--help").stdout
    examples = text.partition("  Examples:\n")[2].splitlines()
    assert any(line.startswith("    hdv " + " ".join(path)) for line in examples)
    assert max(map(len, text.splitlines())) <= 100


def test_usage_and_arguments_are_written_as_usual() -> None:
    text = hdv("quarantine", "download", "-h").stdout
    assert text.startswith("Usage: hdv quarantine download [OPTIONS] ID [FILE]...\n")
    assert "\n  ID    The id of the study." in text


@pytest.mark.parametrize("path", NAMES)
def test_examples_are_commands_that_are_understood(path: tuple[str, ...]) -> None:
    epilog = COMMANDS[path].epilog
    for line in epilog.splitlines()[2:]:
        _, *arguments = line.rpartition("| ")[2].split()
        assert tuple(arguments[: len(path)]) == path
        COMMANDS[path].make_context("hdv", arguments[len(path) :])


@pytest.mark.parametrize("path", NAMES)
def test_an_option_has_the_same_letter_everywhere(path: tuple[str, ...]) -> None:
    letters = {
        "--format": "-f", "--output": "-o", "--quiet": "-q", "--jobs": "-j", "--profile": "-p",
        "--wait": "-w", "--watch": "-w", "--url": "-u", "--timeout": "-t", "--yes": "-y",
        "--label": "-l", "--code": "-c", "--limit": "-n", "--dry-run": "-n", "--data": "-d",
        "--scope": "-s",
    }  # fmt: skip
    for parameter in COMMANDS[path].params:
        if parameter.param_type_name == "option":
            long, *short = sorted(parameter.opts, key=len, reverse=True)
            assert short == ([letters[long]] if long in letters else [])


def test_json_is_requested_in_one_way() -> None:
    options = {path: {name for p in c.params for name in p.opts} for path, c in COMMANDS.items()}
    assert [path for path, names in options.items() if "--json" in names] == []
    without = {path for path, names in options.items() if "--format" not in names}
    # These have no result but a sentence.
    assert without == {
        ("explain",),
        ("up",),
        ("repair",),
        ("events", "verify"),
        ("index", "rebuild"),
        ("keys", "revoke"),
    }


def test_an_unknown_command_gets_a_suggestion() -> None:
    result = hdv("validat")
    assert result.exit_code == 2
    assert "Did you mean 'validate'?" in result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("hdv val", "validate"),
        ("hdv quarantine re", "resubmit"),
        ("hdv validate --for", "--format"),
        ("hdv validate --format sa", "sarif"),
        ("hdv validate --profile str", "strict"),
        ("hdv explain pixel.length-s", "pixel.length-short"),
    ],
)
def test_the_shell_completes(words: str, expected: str) -> None:
    count = len(words.split())
    result = hdv(_HDV_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(count - 1))
    assert expected in result.stdout.split()


def test_the_shell_gets_a_completion_script() -> None:
    script = hdv(_HDV_COMPLETE="source_bash").stdout
    assert "_HDV_COMPLETE=complete_bash" in script
