"""Logs: one JSON object a line, and never the text of an exception."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog

from chassis.observability import logs

PATIENT = "DOE^JANE"

Lines = list[dict[str, Any]]
Recorded = Callable[[], AbstractContextManager[Lines]]


@contextmanager
def restored_logging() -> Iterator[None]:
    handlers, level = logging.root.handlers, logging.root.level
    try:
        yield
    finally:
        structlog.reset_defaults()
        logging.root.handlers, logging.root.level = handlers, level
        for name in logs.SILENT:
            logging.getLogger(name).disabled = False


@pytest.fixture
def recorded(capsys: pytest.CaptureFixture[str]) -> Recorded:
    """What is written to stdout meanwhile, every line read as JSON; none names the patient."""

    @contextmanager
    def record() -> Iterator[Lines]:
        lines: Lines = []
        with restored_logging():
            logs.configure("gateway", "info")
            yield lines
        captured = capsys.readouterr()
        assert captured.err == ""
        assert "DOE" not in captured.out
        # Not splitlines(): a JSON string may hold other separators as they are.
        lines += [json.loads(line) for line in captured.out.split("\n")[:-1]]

    return record


def stumble() -> None:
    raise ValueError(PATIENT)


def stumble_over_another_stumble() -> None:
    try:
        stumble()
    except ValueError as error:
        raise KeyError(PATIENT) from error


def test_a_line_is_a_json_object_with_time_level_service_and_event(recorded: Recorded) -> None:
    with recorded() as lines:
        logs.get_logger().info("study.uploaded", study_id=UUID(int=1), duration_ms=1.5)
    [line] = lines
    assert list(line)[:4] == ["time", "level", "service", "event"]
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert line == {
        "level": "info",
        "service": "gateway",
        "event": "study.uploaded",
        "study_id": str(UUID(int=1)),
        "duration_ms": 1.5,
    }


@pytest.mark.parametrize("console", [False, True])
def test_work_goes_on_when_its_lines_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, console: bool
) -> None:
    """As on a full disk, or when the reader of a pipe has ended."""
    full = Path("/dev/full").open("w")  # noqa: SIM115 -- closing it fails as well
    monkeypatch.setattr("sys.stdout", full)
    with restored_logging():
        logs.configure("gateway", "info", console=console)
        for _ in range(3):
            logs.get_logger().info("study.uploaded", padding="x" * 10_000)
            logging.getLogger("library").error("It has %s", PATIENT)
    with pytest.raises(OSError, match="No space left"):
        full.close()
    assert capsys.readouterr().err == ""


def test_a_line_stays_one_line_whatever_is_in_it(recorded: Recorded) -> None:
    with recorded() as lines:
        logs.get_logger().info("one\ntwo", note="three\r\nfour\u2028five")
    [line] = lines
    assert line["event"] == "one\ntwo"


def test_lines_below_the_level_are_not_written(recorded: Recorded) -> None:
    with recorded() as lines:
        logs.get_logger().debug("request")
    assert lines == []


@pytest.mark.parametrize("how", ["exception in hand", "exception being handled"])
def test_an_exception_is_logged_by_its_type_and_its_places_never_by_its_text(
    recorded: Recorded, how: str
) -> None:
    with recorded() as lines:
        try:
            stumble()
        except ValueError as error:
            logs.get_logger().error("failed", exc_info=error if "hand" in how else True)
    [line] = lines
    assert line["error"] == "ValueError"
    assert line["frames"][-1].startswith(__file__)
    assert line["frames"][-1].endswith(" stumble")


def test_the_causes_of_an_exception_are_not_logged_either(recorded: Recorded) -> None:
    with recorded() as lines:
        try:
            stumble_over_another_stumble()
        except KeyError:
            logs.get_logger().exception("failed")
    [line] = lines
    assert line["error"] == "KeyError"


def test_an_exception_given_as_a_value_is_logged_by_its_type(recorded: Recorded) -> None:
    with recorded() as lines:
        logs.get_logger().error("failed", problem=ValueError(PATIENT), all=[KeyError(PATIENT)])
    [line] = lines
    assert line["problem"] == "ValueError"
    assert line["all"] == ["KeyError"]


def test_the_frames_of_a_deep_recursion_are_cut(recorded: Recorded) -> None:
    with recorded() as lines:

        def fall(depth: int) -> None:
            if depth == 0:
                stumble()
            fall(depth - 1)

        try:
            fall(200)
        except ValueError as error:
            logs.get_logger().error("failed", exc_info=error)
    [line] = lines
    assert len(line["frames"]) == 12
    assert line["frames"][-1].endswith(" stumble")


def test_what_a_library_logs_is_a_line_like_any_other(recorded: Recorded) -> None:
    with recorded() as lines:
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    [line] = lines
    assert (line["level"], line["service"]) == ("warning", "gateway")
    assert line["event"] == "Invalid HTTP request received."
    assert line["logger"] == "uvicorn.error"


@pytest.mark.parametrize("text", ["failed", f"failed on {PATIENT}", "failed\nfuture: DOE"])
def test_an_exception_that_a_library_logs_is_logged_by_its_type_and_its_places(
    recorded: Recorded, text: str
) -> None:
    with recorded() as lines:
        try:
            stumble()
        except ValueError:
            logging.getLogger("some.library").exception(text)
    [line] = lines
    assert line["error"] == "ValueError"
    assert line["logger"] == "some.library"
    assert line["frames"][-1].endswith(" stumble")


def test_values_that_a_library_fills_into_its_text_are_left_out(recorded: Recorded) -> None:
    with recorded() as lines:
        logging.getLogger("some.library").warning(
            "cannot read %s: %s", PATIENT, ValueError(PATIENT)
        )
    [line] = lines
    assert line["event"] == "cannot read %s: %s"


async def test_an_exception_that_is_never_awaited_is_logged_without_its_text(
    recorded: Recorded,
) -> None:
    with recorded() as lines:

        async def stumble_later() -> None:
            stumble()

        task = asyncio.create_task(stumble_later())
        await asyncio.wait([task])
        asyncio.get_running_loop().call_exception_handler(
            {
                "message": "Task exception was never retrieved",
                "exception": task.exception(),
                "future": task,
            }
        )
    [line] = lines
    assert (line["logger"], line["error"]) == ("asyncio", "ValueError")


@pytest.mark.parametrize("name", logs.SILENT)
def test_libraries_whose_lines_quote_files_or_clients_are_silent(
    recorded: Recorded, name: str
) -> None:
    with recorded() as lines:
        logging.getLogger(name).error("Invalid value for VR UI: %s", PATIENT)
    assert lines == []


def test_libraries_chatter_is_left_out(recorded: Recorded) -> None:
    with recorded() as lines:
        logging.getLogger("some.library").info("Started.")
    assert lines == []


def test_logging_is_set_up_twice_without_doubling_lines(recorded: Recorded) -> None:
    with recorded() as lines:
        logs.configure("gateway", "info")
        logging.getLogger("some.library").warning("once")
    assert len(lines) == 1


def console(capsys: pytest.CaptureFixture[str], *, exception_texts: bool) -> str:
    """What a failure, and a library that fails, write for people."""
    with restored_logging():
        logs.configure("gateway", "info", console=True, exception_texts=exception_texts)
        try:
            stumble()
        except ValueError as error:
            logs.get_logger().error("request.failed", exc_info=error, problem=error)
            logging.getLogger("some.library").exception("cannot read %s", PATIENT)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_lines_for_people_leave_out_the_texts_of_exceptions_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = console(capsys, exception_texts=False)
    assert "request.failed" in text
    assert "error=ValueError" in text
    assert "problem=ValueError" in text
    assert "DOE" not in text


def test_a_developers_console_quotes_exceptions(capsys: pytest.CaptureFixture[str]) -> None:
    text = console(capsys, exception_texts=True)
    assert text.count(f"ValueError: {PATIENT}") == 2
    assert f"cannot read {PATIENT}" in text
    assert "raise ValueError(PATIENT)" in text
    assert not text.startswith("{")


def test_json_never_quotes_an_exception(capsys: pytest.CaptureFixture[str]) -> None:
    with restored_logging():
        logs.configure("gateway", "info", exception_texts=True)
        try:
            stumble()
        except ValueError:
            logs.get_logger().exception("request.failed")
    assert "DOE" not in capsys.readouterr().out
