"""Structured logs: one JSON object per line on stdout, without patient data.

An exception is logged as its type and the places it went through. Its text is left out: exceptions
of libraries quote the values that caused them, and those may be a patient's.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, AnyStr, BinaryIO, Generic, NamedTuple, TextIO, cast

import orjson

from chassis.observability.structlog_import import (
    EventDict,
    Processor,
    WrappedLogger,
    structlog,
)

Log = structlog.typing.FilteringBoundLogger

SILENT = ("pydicom", "httpx2", "httpcore2", "uvicorn.access")
"""Loggers whose lines may contain values of files, or addresses that clients made up."""


class _Unfailing(Generic[AnyStr]):
    """A stream that loses what cannot be written: the disk is full, the reader has gone.

    An error in here would be taken for one of the work that is logged. There is nowhere to report
    it; readiness says what else cannot be written.
    """

    def __init__(self, stream: IO[AnyStr]) -> None:
        self._stream: IO[AnyStr] = stream

    def write(self, text: AnyStr) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


class _Renderers(NamedTuple):
    """The last processors of a line, and what writes it."""

    own: list[Processor]
    of_libraries: list[Processor]
    logger_factory: Callable[..., WrappedLogger]


def configure(
    service: str, level: str, *, console: bool = False, exception_texts: bool = False
) -> None:
    """Send everything that is logged in this process to stdout.

    Args:
        service: the name that is in every line.
        level: the lowest level that is written.
        console: writes lines for people instead of JSON.
        exception_texts: console lines quote exceptions, which may contain patient data.
    """
    quoted = console and exception_texts
    renderers = _console_renderers(quoted=quoted) if console else _json_renderers()
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _name_service(service),
        *([] if quoted else [_without_values]),
    ]
    lowest = logging.getLevelName(level.upper())
    structlog.configure(
        processors=[*shared, *renderers.own],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=renderers.logger_factory,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(_Unfailing(sys.stdout))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # The template only: what a library fills into it may be a value of a file.
            use_get_message=quoted,
            foreign_pre_chain=[_name_logger if quoted else _name_logger_only, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *renderers.of_libraries,
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(max(logging.WARNING, lowest))
    for name in SILENT:
        logging.getLogger(name).disabled = True


@contextmanager
def silent() -> Iterator[None]:
    """Log nothing in the context: a command says in sentences what a service logs."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(wrapper_class=before["wrapper_class"])


def get_logger() -> Log:
    """The logger of this process."""
    logger: Log = structlog.get_logger()
    return logger


def error_name(error: BaseException) -> str:
    """How an exception is named in logs, metrics and dead letters: its type, not its text."""
    return type(error).__name__


def _dumps(value: Any, **_: Any) -> bytes:  # noqa: ANN401 -- the renderer's signature
    return orjson.dumps(value, default=_as_text)


def _as_text(value: object) -> str:
    return error_name(value) if isinstance(value, BaseException) else str(value)


def _dumps_text(value: Any, **_: Any) -> str:  # noqa: ANN401 -- the renderer's signature
    return _dumps(value).decode()


def _name_service(service: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        first = {name: event.pop(name, None) for name in ("time", "level")}
        return {**first, "service": service, "event": event.pop("event", None), **event}

    return add


def _name_logger(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {**event, "logger": event["_record"].name}


def _name_logger_only(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep the first line of a library's text, and nothing of it when it logs an exception.

    asyncio, for one, quotes the exception in its own text.
    """
    text = "exception" if event.get("exc_info") else str(event["event"]).partition("\n")[0]
    return {**event, "event": text, "logger": event["_record"].name}


def _plain(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The values as JSON has them: an exception is its type."""
    plain: EventDict = orjson.loads(_dumps(event))
    return plain


def _json_renderers() -> _Renderers:
    return _Renderers(
        [structlog.processors.JSONRenderer(serializer=_dumps)],
        [structlog.processors.JSONRenderer(serializer=_dumps_text)],
        structlog.BytesLoggerFactory(cast("BinaryIO", _Unfailing(sys.stdout.buffer))),
    )


def _console_renderers(*, quoted: bool) -> _Renderers:
    renderer = structlog.dev.ConsoleRenderer(
        timestamp_key="time",
        colors=sys.stdout.isatty(),
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,  # rich's shows local variables
    )
    processors: list[Processor] = [renderer] if quoted else [_plain, renderer]
    return _Renderers(
        processors,
        processors,
        structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stdout))),
    )


def _without_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and the frames it passed."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = error_name(error)
        event["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ]
    event.pop("exc_text", None)
    return event
