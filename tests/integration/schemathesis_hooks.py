"""Shows schemathesis how bodies of STOW-RS are written."""

import json
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, SerializationContext

BOUNDARY = "b7f3c1d29e"
MADE_UP = {None, "multipart/related"}
"""Content types that schemathesis gives such a body."""


@schemathesis.serializer("application/dicom")
def single(_: SerializationContext, value: Any) -> bytes:
    return _bytes(value)


@schemathesis.serializer("multipart/related")
def related(_: SerializationContext, value: Any) -> bytes:
    instance = value["instance"] if isinstance(value, dict) and "instance" in value else value
    return f"--{BOUNDARY}\r\n\r\n".encode() + _bytes(instance) + f"\r\n--{BOUNDARY}--".encode()


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """The boundary is in the header, which the serializer does not make."""
    if case.media_type == "multipart/related" and case.headers.get("Content-Type") in MADE_UP:
        case.headers["Content-Type"] = f"{case.media_type}; boundary={BOUNDARY}"


def _bytes(value: Any) -> bytes:
    """What is made up in place of bytes is sent as JSON."""
    value = getattr(value, "data", value)
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()
