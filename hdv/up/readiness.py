"""Waits until the services of `hdv up` are ready, and says what it waits for."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

SAY_PERIOD_SECONDS = 15.0
"""How often it says what it waits for."""
_TIMEOUT_SECONDS = 5.0

Missing = Callable[[str], str | None]
"""What the service at an address waits for; None if it is ready."""


class NotReadyError(Exception):
    """Services were not ready in time; the text says which, and why."""


class Start:
    """The start of some services.

    Args:
        urls: the address of each, by name.
        seconds: how long they may take until they are ready.
        missing: asks a service.
        clock: the time in seconds.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        seconds: float,
        *,
        missing: Missing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waiting = dict.fromkeys(urls, "")
        self._urls = urls
        self._seconds = seconds
        self._missing = missing
        self._clock = clock
        self._began = self._said = clock()

    def is_over(self) -> bool:
        """Whether all have been ready."""
        return not self._waiting

    def look(self) -> str | None:
        """Ask those that were not ready yet.

        Returns:
            What it waits for, if that is to be said again.

        Raises:
            NotReadyError: the time is over.
        """
        answers = {name: self._missing(self._urls[name]) for name in self._waiting}
        self._waiting = {name: why for name, why in answers.items() if why is not None}
        now = self._clock()
        if self.is_over():
            return None
        what = ", ".join(f"{name} ({why})" for name, why in self._waiting.items())
        if now - self._began > self._seconds:
            raise NotReadyError(
                f"not ready after {self._seconds:g} s: {what}; --start-seconds allows more"
            )
        if now - self._said < SAY_PERIOD_SECONDS:
            return None
        self._said = now
        return f"Waiting for {what} …"


def missing(url: str) -> str | None:
    """What the service at an address waits for, in a few words; None if it is ready."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        if answer.status == HTTPStatus.OK:
            return None
        return _failed_checks(answer.read())
    except TimeoutError:
        return "does not answer yet"
    except (OSError, http.client.HTTPException):
        return "is starting"
    finally:
        connection.close()


def _failed_checks(answer: bytes) -> str:
    with suppress(ValueError, KeyError, AttributeError, TypeError):  # another program's answer
        checks = json.loads(answer)["checks"].items()
        if failed := [name for name, result in checks if result.startswith("failed")]:
            return "not well: " + ", ".join(failed)
    return "is not ready"
