"""Verifies bearer tokens, and finds the caller in their claims."""

import hashlib
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, Field, StrictStr, TypeAdapter, ValidationError

from chassis.access.caller import MOST_LABELS, Caller, Scope
from chassis.access.oidc.provider import Provider
from contracts.model import Label

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures with a private key, and no others: what a token says is not believed."""
MOST_BYTES = 16 * 1024
MOST_REMEMBERED = 1024
REMEMBER_SECONDS = 60.0
"""For how long a token that was verified is not verified again."""
NAME_CHARACTERS = 64

_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_LABEL = TypeAdapter[str](Label)
_Time = Annotated[float, Field(strict=True, ge=0, lt=2**53, allow_inf_nan=False)]


class _Claims(BaseModel):
    """The claims that every token must have (RFC 9068, section 2.2)."""

    iss: StrictStr
    aud: StrictStr | list[StrictStr]
    sub: StrictStr = Field(min_length=1)
    exp: _Time
    nbf: _Time = 0
    iat: _Time = 0


@dataclass(frozen=True)
class ClaimRules:
    """What tokens must say, and what it means.

    Attributes:
        audience: one of `aud`.
        leeway_seconds: by how much the clocks of provider and gateway may differ.
        scopes_claim: the claim with scopes or roles; dots lead into objects.
        scopes: what each value of that claim allows.
        labels_claim: the claim with the labels that the caller is bound to; None for all studies.
    """

    audience: str
    leeway_seconds: float
    scopes_claim: str
    scopes: Mapping[str, Iterable[Scope]]
    labels_claim: str | None = None


class Tokens:
    """Finds the callers of tokens.

    Args:
        provider: the identity provider.
        rules: what tokens must say.
        clock: the time in seconds since 1970.
    """

    def __init__(
        self, provider: Provider, rules: ClaimRules, clock: Callable[[], float] = time.time
    ) -> None:
        self._provider = provider
        self._rules = rules
        self._clock = clock
        self._verified: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    async def caller(self, token: str) -> Caller | None:
        """The caller whose valid token this is; None if it is not one.

        Raises:
            ProviderError: the keys of the identity provider are not known.
        """
        if len(token) > MOST_BYTES or token.count(".") != 2:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        until, caller = self._verified.get(digest, (0.0, None))
        if caller and now < until:
            return caller
        if (claims := await self._verify(token)) is None:
            return None
        try:
            checked = self._check(_Claims.model_validate(claims), now)
        except ValidationError:
            return None
        if checked is None:
            return None
        caller = self._caller(checked.sub, claims)
        # An expired token is admitted within the leeway, but verified each time.
        self._verified[digest] = (min(checked.exp, now + REMEMBER_SECONDS), caller)
        self._verified.move_to_end(digest)
        if len(self._verified) > MOST_REMEMBERED:
            self._verified.popitem(last=False)
        return caller

    async def _verify(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that the provider has signed."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            key_id = header.get("kid")
            if header.get("alg") not in ALGORITHMS or not isinstance(key_id, str | None):
                return None
            if (key := await self._provider.key(key_id)) is None:
                return None
            with warnings.catch_warnings():
                # That `EdDSA` has a new name (RFC 9864), and that a key of a provider is short.
                warnings.simplefilter("ignore", SecurityWarning)
                signed = jws.deserialize_compact(token, key, registry=_REGISTRY)
            claims = TypeAdapter(dict[str, Any]).validate_json(signed.payload)
        except (JoseError, ValueError, TypeError):
            return None
        return claims

    def _check(self, claims: _Claims, now: float) -> _Claims | None:
        """The claims, if they are for this gateway and for now."""
        leeway = self._rules.leeway_seconds
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        is_valid = (
            claims.iss == self._provider.issuer
            and self._rules.audience in audience
            and now < claims.exp + leeway
            and claims.nbf <= now + leeway
            and claims.iat <= now + leeway
        )
        return claims if is_valid else None

    def _caller(self, subject: str, claims: Mapping[str, Any]) -> Caller:
        rules = self._rules
        named = _values(claims, rules.scopes_claim)
        scopes = frozenset(scope for name in named for scope in rules.scopes.get(name, ()))
        labels = None
        if rules.labels_claim is not None:
            known = set(filter(_is_label, _values(claims, rules.labels_claim)))
            labels = frozenset(sorted(known)[:MOST_LABELS])
        name = "".join(filter(str.isprintable, subject))[:NAME_CHARACTERS]
        return Caller(f"token of {name}", scopes, labels)


def _values(claims: Mapping[str, Any], path: str) -> list[str]:
    """The values of a claim: a list, or words in a text (RFC 8693, section 4.2)."""
    found: Any = claims
    # A claim may have dots in its name, as in a URL.
    for name in [path] if path in claims else path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return found.split()
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else []


def _is_label(text: str) -> bool:
    try:
        _LABEL.validate_python(text)
    except ValidationError:
        return False
    return True
