"""The gateway as commands talk to it: with time limits, patience, and answers in sentences."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx

from hdv.exit import Away, Refused

URL = "http://127.0.0.1:8000"
MOST_TRIES = 6
PAUSE_SECONDS = (0.5, 15.0)
"""First and longest pause before another try."""
LONGEST_RETRY_AFTER_SECONDS = 60.0
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""How long the gateway may take nothing of a request, and think, if nobody says otherwise."""

_TRY_AGAIN = frozenset({429, 502, 503, 504})
_NOTHING_WAS_SENT = (httpx.ConnectError, httpx.ConnectTimeout)

Content = Callable[[], Mapping[str, Any]]
"""What a request carries, as arguments of httpx; made again for every try."""


class Gateway:
    """Talks to the gateway until a time limit.

    Args:
        url: where it is.
        seconds: how long everything together may take.
        transport: for tests.
    """

    def __init__(
        self, url: str, *, seconds: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Refused(f"'{url}' is no address: {error}") from None
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise Refused(f"'{url}' is no address like {URL}")
        self._url = url
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._client = httpx.Client(base_url=parsed, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **parameters: str | int | None) -> Any:  # noqa: ANN401 -- JSON
        """The JSON at a path.

        Raises:
            Refused: the gateway says that the request is not right.
            Away: it does not answer, or not in time.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.send("GET", path, lambda: {"params": given}).json()

    def send(
        self,
        method: str,
        path: str,
        content: Content = dict,
        *,
        repeatable: bool = True,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> httpx.Response:
        """Send a request, again and again if need be.

        Args:
            method: of HTTP.
            path: below the gateway's address.
            content: what the request carries.
            repeatable: whether doing it twice is no harm; else a connection that broke off is not
                followed by another try.
            silence_seconds: how long the gateway may think.

        Raises:
            Refused: the gateway says that the request is not right.
            Away: it does not answer, or not in time.
        """

        def attempt() -> httpx.Response:
            timeout = self._timeout(silence_seconds)
            return self._client.request(method, path, timeout=timeout, **content())

        return self._insist(attempt, repeatable)

    @contextmanager
    def download(self, path: str) -> Iterator[httpx.Response]:
        """A file, to be read while it comes. It is asked for once.

        Raises:
            Refused: the gateway says that the request is not right.
            Away: it does not answer, or breaks off.
        """
        timeout = self._timeout(SILENCE_SECONDS)
        try:
            with self._client.stream("GET", path, timeout=timeout) as response:
                if not response.is_success:
                    response.read()
                yield checked(response)
        except httpx.TransportError as error:
            raise self.away(error) from None

    def check_time(self) -> float:
        """How long everything may still take, in seconds.

        Raises:
            Away: no longer.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Away(f"gave up after {self._seconds:g} seconds")
        return left

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the time limit.

        Raises:
            Away: it is reached.
        """
        time.sleep(min(seconds, self.check_time()))
        self.check_time()

    def away(self, error: httpx.TransportError) -> Away:
        """How it is told that there is no answer."""
        reason = str(error) or type(error).__name__
        return Away(f"the gateway at {self._url} does not answer: {reason}")

    def _insist(self, attempt: Callable[[], httpx.Response], repeatable: bool) -> httpx.Response:
        for number in range(MOST_TRIES):
            last = number == MOST_TRIES - 1
            retry_after = 0.0
            try:
                response = attempt()
            except httpx.TransportError as error:
                if last or not (repeatable or isinstance(error, _NOTHING_WAS_SENT)):
                    raise self.away(error) from None
            else:
                if last or not _asks_for_another_try(response):
                    return checked(response)
                retry_after = _retry_after(response)
            first, longest = PAUSE_SECONDS
            own = min(first * 2**number, longest) * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter
            self.pause(max(own, retry_after))
        raise AssertionError("the last try returns or raises")

    def _timeout(self, silence_seconds: float) -> httpx.Timeout:
        left = self.check_time()
        return httpx.Timeout(
            min(SILENCE_SECONDS, left),
            read=min(silence_seconds, left),
            connect=min(CONNECT_SECONDS, left),
        )


def checked(response: httpx.Response) -> httpx.Response:
    """An answer, if it is what was asked for.

    Raises:
        Refused: the gateway says that the request is not right.
        Away: it cannot serve it.
    """
    if response.is_success:
        return response
    sentence = _sentence(response)
    raise Refused(sentence) if response.is_client_error else Away(sentence)


def _sentence(response: httpx.Response) -> str:
    """What a problem document says (RFC 9457); the status when there is none."""
    try:
        problem = response.json()
        return ": ".join(filter(None, [problem["title"], problem.get("detail")]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the answer was {response.status_code} {response.reason_phrase}".strip()


def _asks_for_another_try(response: httpx.Response) -> bool:
    # 409 with a time to come back: an earlier try is still at work.
    return response.status_code in _TRY_AGAIN or (
        response.status_code == 409 and "retry-after" in response.headers
    )


def _retry_after(response: httpx.Response) -> float:
    """How long the gateway asks to wait, in seconds; not longer than we are ready to."""
    value = response.headers.get("retry-after", "")
    if value.isdecimal():
        seconds = float(value)
    else:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):  # none, or without a time zone
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
