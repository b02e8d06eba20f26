"""A client of the gateway: with a time limit, retries, and errors as sentences."""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import httpx2

from hdv.exit import CommandError, ExitCode

KEY = "HDV_API_KEY"
"""Environment variable with the API key or token."""
URL = "http://127.0.0.1:8000"
MOST_TRIES = 6
"""How often a request is sent at most."""
PAUSE_SECONDS = (0.5, 15.0)
"""First and longest pause before a retry."""
LONGEST_RETRY_AFTER_SECONDS = 60.0
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""How long the gateway may accept no bytes of a request, and how long it may take to answer, unless
a request says otherwise."""

_TRY_AGAIN = frozenset({429, 502, 503, 504})
_NOTHING_WAS_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout)

Content = Callable[[], Mapping[str, Any]]
"""What a request carries, as arguments of httpx2; built again for every try."""


class Gateway:
    """Sends requests to the gateway until a time limit.

    Args:
        url: the address of the gateway.
        seconds: how long all requests together may take.

    Raises:
        CommandError: the address is not one, or the API key cannot be read.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise CommandError(f"'{url}' is not an address: {error}") from None
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise CommandError(f"'{url}' is not an address such as {URL}")
        self._url = url
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        key = api_key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx2.Client(base_url=parsed, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **parameters: str | int | None) -> Any:  # noqa: ANN401 -- JSON
        """The JSON at a path; parameters that are None are left out.

        Raises:
            CommandError: as `send`.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.send("GET", path, lambda: {"params": given}).json()

    def find(self, path: str) -> Any | None:  # noqa: ANN401 -- JSON
        """The JSON at a path, or None if there is nothing.

        Raises:
            CommandError: as `send`.
        """
        response = self._request("GET", path)
        return None if response.status_code == HTTPStatus.NOT_FOUND else checked(response).json()

    def send(
        self,
        method: str,
        path: str,
        content: Content = dict,
        *,
        repeatable: bool = True,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> httpx2.Response:
        """Send a request, and send it again while the gateway is unavailable.

        Args:
            method: of HTTP.
            path: below the gateway's address.
            content: what the request carries.
            repeatable: whether the request may be carried out twice; if not, it is not sent again
                after its connection broke.
            silence_seconds: how long the gateway may take to answer.

        Raises:
            CommandError: the gateway refuses the request (`USAGE`), or cannot serve it or does not
                answer in time (`UNAVAILABLE`).
        """
        return checked(
            self._request(
                method, path, content, repeatable=repeatable, silence_seconds=silence_seconds
            )
        )

    @contextmanager
    def download(self, path: str) -> Iterator[httpx2.Response]:
        """A file, to be read while it arrives. It is requested once.

        Raises:
            CommandError: the gateway refuses the request (`USAGE`), or does not answer or breaks
                off (`UNAVAILABLE`).
        """
        timeout = self._timeout(SILENCE_SECONDS)
        try:
            with self._client.stream("GET", path, timeout=timeout) as response:
                if not response.is_success:
                    response.read()
                yield checked(response)
        except httpx2.TransportError as error:
            raise self._no_answer(error) from None

    def check_time(self) -> float:
        """How long everything may still take, in seconds.

        Raises:
            CommandError: the time limit is reached (`UNAVAILABLE`).
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise CommandError(
                f"stopped after {self._seconds:g} seconds", code=ExitCode.UNAVAILABLE
            )
        return left

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the time limit.

        Raises:
            CommandError: the time limit is reached (`UNAVAILABLE`).
        """
        time.sleep(min(seconds, self.check_time()))
        self.check_time()

    def _request(
        self,
        method: str,
        path: str,
        content: Content = dict,
        *,
        repeatable: bool = True,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> httpx2.Response:
        """The answer to the last try, whatever its status."""
        for number in range(MOST_TRIES):
            is_last = number == MOST_TRIES - 1
            retry_after = 0.0
            timeout = self._timeout(silence_seconds)
            try:
                response = self._client.request(method, path, timeout=timeout, **content())
            except httpx2.TransportError as error:
                if is_last or not (repeatable or isinstance(error, _NOTHING_WAS_SENT)):
                    raise self._no_answer(error) from None
            else:
                if is_last or not _asks_for_retry(response):
                    return response
                retry_after = _retry_after(response)
            first, longest = PAUSE_SECONDS
            own = min(first * 2**number, longest) * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter
            self.pause(max(own, retry_after))
        raise AssertionError("the last try returns or raises")

    def _no_answer(self, error: httpx2.TransportError) -> CommandError:
        reason = str(error) or type(error).__name__
        return CommandError(
            f"the gateway at {self._url} does not answer: {reason}", code=ExitCode.UNAVAILABLE
        )

    def _timeout(self, silence_seconds: float) -> httpx2.Timeout:
        left = self.check_time()
        return httpx2.Timeout(
            min(SILENCE_SECONDS, left),
            read=min(silence_seconds, left),
            connect=min(CONNECT_SECONDS, left),
        )


def api_key() -> str | None:
    """The API key or token to send: HDV_API_KEY, else the secret file `hdv_api_key`.

    There is no option for it: command lines are seen by all users, and kept in histories.

    Raises:
        CommandError: it cannot be read, or cannot be sent.
    """
    key = os.environ.get(KEY)
    if not key:
        file = Path(os.environ.get("HDV_SECRETS_DIR", "/run/secrets")) / KEY.lower()
        try:
            key = file.read_text()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError):
            raise CommandError(f"cannot read the API key in {file}") from None
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise CommandError(f"{KEY} has characters that no key has")
    return key or None


def checked(response: httpx2.Response) -> httpx2.Response:
    """The response, if it reports success.

    Raises:
        CommandError: the gateway refuses the request (`USAGE`) or cannot serve it (`UNAVAILABLE`).
    """
    if response.is_success:
        return response
    code = ExitCode.USAGE if response.is_client_error else ExitCode.UNAVAILABLE
    raise CommandError(_sentence(response) + _hint(response), code=code)


def _sentence(response: httpx2.Response) -> str:
    """Title and detail of a problem document (RFC 9457); the status if there is none."""
    try:
        problem = response.json()
        return ": ".join(filter(None, [problem["title"], problem.get("detail")]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the answer was {response.status_code} {response.reason_phrase}".strip()


def _hint(response: httpx2.Response) -> str:
    """What the user can do about a missing or wrong key."""
    if response.status_code != HTTPStatus.UNAUTHORIZED:
        return ""
    if "authorization" in response.request.headers:
        return f" It is the one of {KEY}: ask for a new one."
    return f" Set {KEY} to a key that `hdv keys create` has made, or to a token."


def _asks_for_retry(response: httpx2.Response) -> bool:
    # 409 with Retry-After: an earlier try is still being processed.
    return response.status_code in _TRY_AGAIN or (
        response.status_code == 409 and "retry-after" in response.headers
    )


def _retry_after(response: httpx2.Response) -> float:
    """How long the gateway asks us to wait, in seconds, up to a limit of ours."""
    value = response.headers.get("retry-after", "")
    if value.isdecimal():
        seconds = float(value)
    else:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):  # none, or without a time zone
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
