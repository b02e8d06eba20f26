"""The keys of an identity provider: found by its discovery document, cached, and rotated."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from chassis.access.oidc.errors import ProviderError
from chassis.observability.logs import error_name, get_logger
from chassis.runtime.settings import is_loopback

DISCOVERY = "/.well-known/openid-configuration"
KEEP_SECONDS = 600.0
"""After this long keys are fetched again; until that succeeds, the old ones count."""
PAUSE_SECONDS = 5.0
"""They are fetched no more often than this, whatever tokens name."""
TIMEOUT_SECONDS = 5.0
MOST_BYTES = 512 * 1024
MOST_KEYS = 100


class Provider:
    """An identity provider.

    Args:
        issuer: its address, as `iss` in tokens.
        client: sends the requests; it follows no redirects.
        clock: the time in seconds, from any beginning.
    """

    def __init__(
        self,
        issuer: str,
        client: httpx2.AsyncClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self._client = client
        self._clock = clock
        self._keys: dict[str | None, Key] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._one_at_a_time = asyncio.Lock()

    async def key(self, key_id: str | None) -> Key | None:
        """The public key with an id; without an id the only key. None if there is no such key.

        Raises:
            ProviderError: no key was ever fetched, and it cannot be done now.
        """
        known = self._find(key_id)
        is_old = self._is_due(KEEP_SECONDS, self._fetched)
        # One request waits for the provider to answer; the others go on with the key they have.
        if known is None or (is_old and not self._one_at_a_time.locked()):
            await self._refresh(key_id)
        return self._find(key_id)

    def _find(self, key_id: str | None) -> Key | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_due(self, seconds: float, since: float | None) -> bool:
        return since is None or self._clock() - since >= seconds

    async def _refresh(self, key_id: str | None) -> None:
        """Fetch the keys, unless someone has just tried."""
        async with self._one_at_a_time:
            is_old = self._is_due(KEEP_SECONDS, self._fetched)
            if (is_old or self._find(key_id) is None) and self._is_due(PAUSE_SECONDS, self._tried):
                try:
                    self._keys = await self._fetch()
                    self._fetched = self._clock()
                except (ProviderError, httpx2.HTTPError, TimeoutError) as error:
                    reason = str(error) if isinstance(error, ProviderError) else error_name(error)
                    get_logger().error("oidc.keys_unavailable", reason=reason)
                finally:  # the pause begins after an attempt, which may take as long
                    self._tried = self._clock()
        if self._fetched is None:
            raise ProviderError("no keys of the identity provider could be fetched yet")

    async def _fetch(self) -> dict[str | None, Key]:
        async with asyncio.timeout(2 * TIMEOUT_SECONDS):
            document = await self._json(self.issuer.removesuffix("/") + DISCOVERY)
            if document.get("issuer") != self.issuer:
                raise ProviderError("the discovery document is of another issuer")
            address = document.get("jwks_uri")
            if not isinstance(address, str) or not is_protected(address):
                raise ProviderError("`jwks_uri` is not an https address")
            keys = (await self._json(address)).get("keys")
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise ProviderError("the key set has no list of keys, or too many")
        known = {key.kid: key for entry in keys if (key := _public_key(entry))}
        get_logger().info("oidc.keys_fetched", count=len(known))
        return known

    async def _json(self, address: str) -> dict[str, Any]:
        async with self._client.stream("GET", address, timeout=TIMEOUT_SECONDS) as response:
            if response.status_code != httpx2.codes.OK:
                raise ProviderError(f"it has answered with status {response.status_code}")
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise ProviderError("a document is too large")
        try:
            document = httpx2.Response(200, content=body).json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ProviderError("a document is not a JSON object")
        return document


def is_protected(address: str) -> bool:
    """Whether no one on the network can answer in place of an address."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _public_key(entry: object) -> Key | None:
    """A key that signatures are verified with; None if it is for something else or not known.

    A symmetric key is never one: what verifies with it could be signed by everyone who has it.
    """
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    try:
        [key] = KeySet.import_key_set({"keys": [entry]}).keys
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
