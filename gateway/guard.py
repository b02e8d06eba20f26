"""Admits requests to the gateway: by API key, by token, or by where they come from."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

from pydantic import SecretStr
from starlette.types import Scope as Request

from chassis.access.caller import ANYONE, Caller
from chassis.access.oidc.errors import ProviderError
from chassis.web.guard import CALLER, REALM, InternalToken, TokenGuard, bearer_token, unauthorized
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.http.visibility import Visibility
from gateway.permissions import Labels, Rule, rule_for

NO_KEY = "Send an API key or a token: `Authorization: Bearer …`."
NOT_VALID = "The API key or token is not valid, or not any more."


class Keys(Protocol):
    """The API keys."""

    @property
    def in_use(self) -> bool:
        """Whether there is any."""
        ...

    def find(self, text: str) -> Caller | None:
        """The caller whose valid key this is."""
        ...

    def is_valid(self, key_id: str) -> bool:
        """Whether a key is valid."""
        ...


class GatewayGuard:
    """Decides by the table of permissions which requests are served.

    Args:
        keys: the API keys.
        tokens: finds the caller of a token of the identity provider; None without one.
        internal_token: that of the services.
        mode: the setting `allow_unauthenticated`.
        visibility: which studies callers see.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        mode: str,
        visibility: Visibility,
        tokens: Callable[[str], Awaitable[Caller | None]] | None = None,
        internal_token: SecretStr | None = None,
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._internal = InternalToken(internal_token)
        self._mode = mode
        self._visibility = visibility

    @property
    def requires_credentials(self) -> bool:
        """Whether a request needs a key or token now."""
        if self._mode == "on_loopback":
            return self._keys.in_use or self._tokens is not None
        return self._mode == "never"

    async def admit(self, scope: Request, path: str) -> Caller:
        """Admit a request; see `chassis.web.guard.Guard`.

        Raises:
            Problem: 401, 403, or 404 for a study that the caller may not know of.
        """
        rule = rule_for(path, scope["method"])
        if rule is None:  # a test fails before this can happen
            raise Problem(ProblemType.NOT_FOUND)
        if not rule.scopes or not self.requires_credentials:
            return ANYONE
        caller = await self._caller(scope, rule)
        scope[CALLER] = caller  # also if it is refused: the audit log wants to know
        if not any(map(caller.may, rule.scopes)):
            raise _insufficient(rule)
        if caller.labels is not None and rule.labels is not Labels.ROUTE:
            await self._require_label(caller, scope, rule)
        return caller

    def still_admits(self, caller: Caller) -> bool:
        """Whether a caller that was admitted would be again."""
        if caller is ANYONE:
            return not self.requires_credentials
        return caller.key_id is None or self._keys.is_valid(caller.key_id)

    async def _caller(self, scope: Request, rule: Rule) -> Caller:
        if (sent := bearer_token(scope)) is None:
            raise unauthorized(NO_KEY)
        if caller := self._keys.find(sent):
            return caller
        if rule.services and self._internal.is_same(sent):
            return TokenGuard.SERVICE
        if self._tokens and (caller := await self._by_token(sent)):
            return caller
        raise unauthorized(NOT_VALID, invalid=True)

    async def _by_token(self, sent: str) -> Caller | None:
        assert self._tokens  # noqa: S101 -- the caller has looked
        try:
            return await self._tokens(sent)
        except ProviderError:
            raise Problem(ProblemType.IDENTITY_PROVIDER_UNAVAILABLE) from None

    async def _require_label(self, caller: Caller, scope: Request, rule: Rule) -> None:
        if rule.labels is Labels.REFUSED:
            raise _insufficient(rule)
        study_id = str(scope["path_params"]["study_id"])
        try:
            known = await self._visibility.shows(caller, UUID(study_id))
        except ValueError:
            return  # the route says what is wrong with it
        if not known:
            raise Problem(ProblemType.UNKNOWN_STUDY, f"No study {study_id} is known.")


def _insufficient(rule: Rule) -> Problem:
    needed = " or ".join(f"`{scope}`" for scope in rule.scopes)
    unbound = ", not bound to labels" if rule.labels is Labels.REFUSED else ""
    challenge = f'{REALM}, error="insufficient_scope", scope="{rule.scopes[0]}"'
    return Problem(
        ProblemType.INSUFFICIENT_SCOPE,
        f"This requires a key or token with the scope {needed}{unbound}.",
        headers={"WWW-Authenticate": challenge},
    )
