"""Loads a profile from a file of YAML or JSON, and reports every mistake in it with its line."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from engine.profile_files.marked_yaml import Document, Mistake
from engine.profiles.profile import BuiltIn, Limits, Profile, SeverityChange
from engine.profiles.selection import suggestion
from engine.profiles.site_rule import SiteRule
from engine.rules.catalogue import RULES

BUILT_IN: tuple[str, ...] = get_args(BuiltIn)
"""Names of the profiles that come along."""
_DIRECTORY = Path(__file__).parent
_LARGEST = 128 * 1024
"""The greatest size of a file, in bytes."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")
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


class ProfileError(ValueError):
    """A profile cannot be used.

    Attributes:
        source: its path, or the name that was asked for.
        mistakes: what is wrong, in the order of the file.
    """

    def __init__(self, source: str, mistakes: Sequence[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> tuple[str, ...]:
        """The mistakes as compilers write them: `trial.yaml:12:5: unknown code ...`."""
        return tuple(
            f"{self.source}:{line}:{column}: {text}" if line else f"{self.source}: {text}"
            for line, column, text in self.mistakes
        )


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile with that name, or the one in a file.

    Args:
        name_or_path: `default`, `strict`, `lenient`, or the path of a file.

    Raises:
        ProfileError: there is no such profile, or something in the file is wrong.
    """
    source = str(name_or_path)
    is_built_in = source in BUILT_IN
    path = _DIRECTORY / f"{source}.yaml" if is_built_in else Path(source)
    if _NAME.fullmatch(source) and not path.exists():
        hint = suggestion(source, BUILT_IN) or f"; there are {', '.join(BUILT_IN)}"
        raise ProfileError(source, [_whole(f"is no profile and no file{hint}")])
    document = Document(_content(path, source))
    profile = _validated(document, source)
    if source == "default":
        return profile
    if not is_built_in and profile.name in BUILT_IN:
        text = "a profile of your own needs a 'name' of its own"
        raise ProfileError(source, [Mistake(*document.place_of(["name"]), text)])
    return load_profile(profile.extends).complemented(profile)


def _content(path: Path, source: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ProfileError(source, [_whole(f"cannot be read: {error.strerror}")]) from None
    if len(content) > _LARGEST:
        raise ProfileError(source, [_whole(f"is larger than {_LARGEST // 1024} KB")])
    return content


def _whole(text: str) -> Mistake:
    return Mistake(0, 0, text)


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
