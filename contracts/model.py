"""The base of every contract: an immutable pydantic model that ignores fields it does not know."""

import re
from enum import StrEnum
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)

from contracts.described import Described


class Contract(Described):
    """A value that services exchange.

    Unknown fields are ignored, so that a service of the previous release can read what the next
    one writes while both run. Attribute docstrings become the descriptions of the JSON schema.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """Compact UTF-8 JSON; a field that is not set is absent, not null."""
        return self.model_dump_json(exclude_none=True).encode()


def _absent_rather_than_null(value: object, info: ValidationInfo) -> object:
    if value is None and info.mode == "json":
        raise ValueError("what is not set is absent, not null")
    return value


T = TypeVar("T")
OrAbsent = Annotated[T | None, BeforeValidator(_absent_rather_than_null)]
"""A field that may be absent from the JSON. `null` is refused, as consumers may refuse it."""

_MOST = 2**53 - 1

Natural = Annotated[int, Field(strict=True, ge=0, le=_MOST)]
"""0 or more, up to the greatest integer that every language's JSON holds exactly (RFC 8259 6)."""

Positive = Annotated[int, Field(strict=True, ge=1, le=_MOST)]
"""1 or more, with the same limit."""

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_TIME = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?"
    "(Z|[+-][0-9]{2}:[0-9]{2})$"
)


def _looks_like(pattern: str) -> BeforeValidator:
    """Text must match: pydantic alone reads many more forms than other languages do."""
    compiled = re.compile(pattern.removesuffix("$") + r"\Z")

    def check(value: object) -> object:
        if isinstance(value, int | float) or (isinstance(value, str) and not compiled.match(value)):
            raise ValueError("not in the one form that is allowed")
        return value

    return BeforeValidator(check)


Uuid = Annotated[
    UUID,
    _looks_like(_UUID),
    WithJsonSchema({"type": "string", "format": "uuid", "pattern": _UUID}),
]
"""A UUID in its usual form (RFC 9562 4), lower-case, so that equal ones are equal as text."""

Timestamp = Annotated[
    AwareDatetime,
    _looks_like(_TIME),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _TIME}),
]
"""A time with its offset from UTC (RFC 3339 5.6)."""

_UID = r"^[0-9]+([.][0-9]+)+$"
_IS_UID = re.compile(_UID.removesuffix("$"))
_UID_LENGTH = 64

DicomUid = Annotated[
    str,
    Field(
        pattern=_UID,
        max_length=_UID_LENGTH,
        examples=["1.2.840.113619.2.55.3"],
    ),
]
"""A DICOM UID (PS3.5 9.1), or what others take for one: components with leading zeros occur."""


def is_uid(text: str) -> bool:
    """Whether a text is a `DicomUid` of two components or more.

    It is then a safe file name, and differs from any name that the gateway gives a file.
    """
    return len(text) <= _UID_LENGTH and _IS_UID.fullmatch(text) is not None


ProfileName = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["strict"], max_length=64)
]
"""The name of a validation profile: that of a file without its ending."""

Label = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", examples=["trial-42"], max_length=64)
]
"""The sender's own name for an upload, to find it again. It goes into events, so it must not
identify the patient."""

Modality = Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{1,16}$", examples=["CT"], max_length=16)]
"""A modality (PS3.3 C.7.3.1.1.1)."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f" * 32])]
"""SHA-256 of a file's bytes, 64 lower-case hexadecimal digits."""

Service = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40, examples=["validator"])]
"""The name of a service."""


class SkipReason(StrEnum):
    """Why a file that was sent does not belong to the study."""

    MEDIA_DIRECTORY = "media directory"
    """A DICOMDIR: an index of files, not an instance to be archived (PS3.10 8.6)."""
    HIDDEN = "hidden"
    """Its name or that of a folder around it begins with a dot, or it is in ``__MACOSX``."""
