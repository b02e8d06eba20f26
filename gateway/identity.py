"""Makes what verifies the tokens of the identity provider; imported only if there is one."""

import httpx2

from chassis.access.oidc.provider import Provider
from chassis.access.oidc.tokens import ClaimRules, Tokens
from gateway.settings import OidcSettings


def token_verifier(settings: OidcSettings, issuer: str, client: httpx2.AsyncClient) -> Tokens:
    """What finds the callers of tokens.

    Args:
        settings: what tokens must say.
        issuer: the address of the provider.
        client: fetches its keys.
    """
    rules = ClaimRules(
        audience=settings.audience,
        leeway_seconds=settings.leeway_seconds,
        scopes_claim=settings.scopes_claim,
        scopes=settings.scopes,
        labels_claim=settings.labels_claim,
    )
    return Tokens(Provider(issuer, client), rules)
