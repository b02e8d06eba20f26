"""How commands end: exit codes and the lines before them."""

import os
from pathlib import Path

import pytest

from hdv.exit import CommandError, ExitCode, run

PAGE = Path(__file__).parents[3] / "docs" / "command-line.md"


def raises(error: BaseException) -> ExitCode:
    """A command that raises this."""
    raise error


def test_a_command_without_a_code_is_ok() -> None:
    assert run("hdv x", lambda: None) is ExitCode.OK
    assert run("hdv x", lambda: ExitCode.FAILED) is ExitCode.FAILED


@pytest.mark.parametrize("code", [ExitCode.FAILED, ExitCode.USAGE, ExitCode.UNAVAILABLE])
def test_an_error_is_shown_with_the_name_of_the_command(
    code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("hdv x", lambda: raises(CommandError("one", "two", code=code))) is code
    assert capsys.readouterr() == ("", "hdv x: one\nhdv x: two\n")


def test_control_characters_in_an_error_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    run("hdv x", lambda: raises(CommandError("\x1b[2J")))
    assert capsys.readouterr().err == "hdv x: \\x1b[2J\n"


def test_ctrl_c_ends_a_command_as_sigint_would() -> None:
    assert run("hdv x", lambda: raises(KeyboardInterrupt())) is ExitCode.INTERRUPTED


def test_a_closed_output_ends_a_command_as_sigpipe_would(capfd: pytest.CaptureFixture[str]) -> None:
    stdout = os.dup(1)
    try:
        assert run("hdv x", lambda: raises(BrokenPipeError())) is ExitCode.OUTPUT_CLOSED
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
    assert capfd.readouterr() == ("", "")


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run("hdv x", lambda: raises(ZeroDivisionError()))


def test_the_documentation_has_every_exit_code() -> None:
    rows = [line.split("|")[1].strip() for line in PAGE.read_text().splitlines() if "|" in line]
    assert [row for row in rows if row.isdecimal()] == [str(int(code)) for code in ExitCode]
