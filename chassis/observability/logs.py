"""Structured logs: one JSON object a line on stdout, never with PHI.

An exception is logged as its type and the places it went through. Its text is left out: foreign
exceptions quote the values they stumble over, and those may be a patient's.
"""

import logging
import sys
import traceback
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Log = structlog.typing.FilteringBoundLogger

SILENT = ("pydicom", "httpx", "httpcore", "uvicorn.access")
"""Loggers whose lines may carry values of files, or addresses that clients made up."""


def configure(service: str, level: str) -> None:
    """Send everything that is logged in this process to stdout as JSON lines.

    Args:
        service: stands in every line.
        level: the lowest level that is written.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _name_service(service),
        _without_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # The template only: what a library fills into it may be a value of a file.
            use_get_message=False,
            foreign_pre_chain=[_name_logger, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dumps_text),
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    for name in SILENT:
        logging.getLogger(name).disabled = True


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
    """Of what a library logs keep its first line, and of an exception not even that.

    asyncio, for one, quotes the exception in its own text.
    """
    text = "exception" if event.get("exc_info") else str(event["event"]).partition("\n")[0]
    return {**event, "event": text, "logger": event["_record"].name}


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
