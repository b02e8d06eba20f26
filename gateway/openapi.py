"""What the gateway's OpenAPI document says of the interface as a whole."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from fastapi import FastAPI

from chassis.access.caller import Scope
from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from gateway.permissions import Rule, rule_for

TAGS = {
    "studies": "Upload studies, follow their status, get their reports and files.",
    "quarantine": "Invalid files: find out why, download, fix and resubmit, or delete them.",
    "events": "What happens to studies, page by page or as server-sent events.",
    "dead letters": "Messages that a service could not process: find out why, replay, drop.",
    "dicomweb": "DICOMweb (PS3.18): store instances by STOW-RS, retrieve them by WADO-RS.",
    "documents": "An index of the gateway, and the AsyncAPI document of its events.",
    "operation": "Health and metrics, for those who run the gateway.",
}
"""The groups of operations, in the order in which a viewer shows them."""


SCHEME = "bearer"
_SCOPES = ", ".join(f"`{scope}`" for scope in Scope)
_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key of `hdv keys create`, or a token of the identity provider. Each "
    f"operation requires a scope: {_SCOPES}, which is all of them. A gateway without keys and "
    "without an identity provider requires none.",
}


def document(app: FastAPI, public_url: str | None, issuer: str | None = None) -> None:
    """Describe an application.

    Args:
        app: the gateway.
        public_url: the address under which clients reach it; None if unknown.
        issuer: the address of the identity provider; None without one.
    """
    # FastAPI documents that this method may be replaced.
    app.openapi = partial(_with_security, app, app.openapi, issuer)  # type: ignore[method-assign]
    app.summary = "Upload, browse and retrieve DICOM studies."
    app.license_info = {"name": "MIT", "identifier": "MIT"}
    app.openapi_tags = [{"name": name, "description": text} for name, text in TAGS.items()]
    app.servers = [{"url": public_url or "/", "description": "This gateway"}]


def _with_security(
    app: FastAPI, generate: Callable[[], dict[str, Any]], issuer: str | None
) -> dict[str, Any]:
    """The OpenAPI document, with what each operation requires of its caller."""
    if app.openapi_schema is None:
        document = generate()
        schemes: dict[str, Any] = {SCHEME: _SCHEME}
        if issuer:
            address = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
            schemes["oidc"] = {"type": "openIdConnect", "openIdConnectUrl": address}
        document["components"]["securitySchemes"] = schemes
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                rule = rule_for(path, method.upper())
                if rule and rule.scopes:
                    operation["security"] = [
                        {scheme: [scope]} for scheme in schemes for scope in rule.scopes
                    ]
                    for status, response in _refusals(rule, method):
                        operation["responses"].setdefault(status, response)
    return generate()


def _refusals(rule: Rule, method: str) -> Iterator[tuple[str, Any]]:
    """The responses to callers that may not do this, by status."""
    kinds = [ProblemType.UNAUTHORIZED, ProblemType.INSUFFICIENT_SCOPE, ProblemType.UNKNOWN_HOST]
    if Scope.UPLOAD in rule.scopes and method == "post":
        kinds.append(ProblemType.LABEL_NOT_ALLOWED)
    if method != "get":
        kinds.append(ProblemType.CROSS_SITE_REQUEST)
    statuses = {kind.status for kind in kinds}
    for status, response in documented(*kinds).items():
        if status in statuses:
            yield str(status), {name: value for name, value in response.items() if name != "model"}
