"""Reads a profile from a file of YAML or JSON, and reports every mistake in it with its line."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.profile_files.errors import Mistake, ProfileError
from engine.profile_files.marked_yaml import Document
from engine.profiles.profile import Limits, Profile, SeverityChange
from engine.profiles.selection import suggestion
from engine.profiles.site_rule import SiteRule
from engine.rules.catalogue import RULES

_LARGEST = 128 * 1024
"""The greatest size of a file, in bytes."""
_SECTIONS: dict[str | int, type[BaseModel]] = {
    "severities": SeverityChange,
    "rules": SiteRule,
    "limits": Limits,
}
"""What the parts of a profile consist of."""
_UNKNOWN_KEY = "extra_forbidden"
_MESSAGES = {
    "model_type": "keys are expected here, each with a value",
    "tuple_type": "a list is expected",
    "string_type": "a text is expected",
    "float_parsing": "a number is expected",
    "int_parsing": "a whole number is expected",
    "bool_parsing": "true or false is expected",
}
_LABEL = "only small letters, digits and hyphens are allowed"
_FORMS = {
    "name": _LABEL,
    "id": _LABEL,
    "version": "up to 30 letters, digits, dots, hyphens and underscores are allowed",
    "code": "only small letters, digits, dots, hyphens and * are allowed",
    "modality": "up to 16 capital letters, digits, spaces and underscores are allowed",
}
"""What a text of a certain form may consist of, by its key."""


def read_profile(path: Path, source: str, *, reserved: Collection[str]) -> Profile:
    """The profile in a file, not yet complemented by the one that it extends.

    Args:
        path: of the file.
        source: how errors call it.
        reserved: names that it must not have.

    Raises:
        ProfileError: it cannot be read, or something in it is wrong.
    """
    document = Document(_content(path, source))
    profile = _validated(document, source)
    if profile.name in reserved:
        text = "a profile of your own needs a 'name' of its own"
        raise ProfileError(source, [Mistake(*document.place_of(["name"]), text)])
    return profile


def _content(path: Path, source: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ProfileError(source, [Mistake(0, 0, f"cannot be read: {error.strerror}")]) from None
    if len(content) > _LARGEST:
        raise ProfileError(source, [Mistake(0, 0, f"is larger than {_LARGEST // 1024} KB")])
    return content


def _validated(document: Document, source: str) -> Profile:
    """The profile in a document; all of its mistakes are reported at once.

    Raises:
        ProfileError: there are some.
    """
    mistakes = list(document.mistakes)
    if document.content is None:
        raise ProfileError(source, mistakes)
    try:
        profile = Profile.model_validate(document.content, context={"codes": RULES})
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            is_unknown = problem["type"] == _UNKNOWN_KEY
            place = document.place_of(problem["loc"], key=is_unknown)
            if place not in [mistake[:2] for mistake in document.mistakes]:
                mistakes.append(Mistake(*place, _text(problem)))
        raise ProfileError(source, mistakes) from None
    if mistakes:
        raise ProfileError(source, mistakes)
    return profile


def _text(problem: Any) -> str:  # noqa: ANN401 -- pydantic_core.ErrorDetails
    kind, path, context = problem["type"], problem["loc"], problem.get("ctx", {})
    if kind == _UNKNOWN_KEY:
        return f"unknown key '{path[-1]}'{suggestion(str(path[-1]), _keys(path))}"
    if kind == "missing":
        return f"the key '{path[-1]}' is missing"
    if kind == "value_error":
        return str(context["error"])
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    text: str = _MESSAGES.get(kind, problem["msg"].replace("Input should", "this should"))
    if kind == "string_pattern_mismatch":
        text = _FORMS[key]
    return f"'{key}': {text}" if key else text


def _keys(path: Sequence[str | int]) -> list[str]:
    """The keys that are possible beside the last one of a path."""
    model = _SECTIONS.get(path[0], Profile) if len(path) > 1 else Profile
    return [field.alias or name for name, field in model.model_fields.items()]
