"""The fields of an upload's form, beside its files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from chassis.access.caller import Caller
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.model import Label
from engine.profile_files.directory import profile_names
from gateway.uploads.errors import shown

MOST_FIELD_BYTES = 1024
MOST_INSTANCES = 1_000_000

_LABEL = TypeAdapter[str](Label)
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Fields:
    """What the sender says about an upload; each field may be absent."""

    expected_instances: int | None = None
    """How many instances the study has."""
    profile: str | None = None
    """The name of the profile to validate it by."""
    label: str | None = None
    """The sender's own name for the upload."""


FIELDS = ("expected_instances", "profile", "label")
"""Their names in the form."""


def read_fields(texts: Mapping[str, bytes], profiles_dir: Path | None) -> Fields:
    """Parse the fields of a form. Blocks, if a profile is named.

    Args:
        texts: the content of each field; blank ones count as absent, as browsers send them.
        profiles_dir: the folder of further profiles.

    Raises:
        Problem: a value is not allowed.
        OSError: the folder of profiles cannot be read.
    """
    values = {name: _text(name, content) for name, content in texts.items()}
    expected_instances = values.get("expected_instances")
    return Fields(
        _number(expected_instances) if expected_instances else None,
        _profile(values.get("profile"), profiles_dir),
        _label(values.get("label")),
    )


def label_for(caller: Caller, sent: str | None) -> str | None:
    """The label of an upload: that of the form, or the only one that its caller is bound to.

    Raises:
        Problem: 403, the caller may not upload with this label, or has to name one.
    """
    if caller.labels is None:
        return sent
    if sent is None and len(caller.labels) == 1:
        return next(iter(caller.labels))
    if sent not in caller.labels:
        known = ", ".join(sorted(caller.labels))
        raise Problem(ProblemType.LABEL_NOT_ALLOWED, f"Labels of this key or token: {known}.")
    return sent


def _text(name: str, content: bytes) -> str:
    if len(content) > MOST_FIELD_BYTES:
        raise _invalid(name, f"may have {MOST_FIELD_BYTES} bytes at most")
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise _invalid(name, "is not UTF-8") from None


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST_INSTANCES:
        raise _invalid("expected_instances", f"must be a whole number from 1 to {MOST_INSTANCES}")
    return int(text)


def _profile(name: str | None, profiles_dir: Path | None) -> str | None:
    if not name:
        return None
    if name not in (known := profile_names(profiles_dir)):
        detail = f"There is no profile '{shown(name)}'. Known profiles: {', '.join(known)}."
        raise Problem(ProblemType.UNKNOWN_PROFILE, detail)
    return name


def _label(text: str | None) -> str | None:
    try:
        return _LABEL.validate_python(text) if text else None
    except ValidationError:
        rule = (
            "must be a word of at most 64 letters, digits, '.', '_' and '-' that begins with a "
            "letter or digit; it is included in events, so it must not identify the patient"
        )
        raise _invalid("label", rule) from None


def _invalid(name: str, rule: str) -> Problem:
    return Problem(ProblemType.INVALID_FIELD, f"The field '{name}' {rule}.")
