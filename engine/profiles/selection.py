"""Which instances a part of a profile is about: by SOP class, by modality, or all."""

import difflib
import re
from collections.abc import Iterable
from functools import cache
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints

from contracts.described import Described
from contracts.model import is_uid
from engine.standard import facts

T = TypeVar("T")


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'X'?`, or nothing if no known word is like it."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.7)
    return f"; did you mean '{folded[close[0]]}'?" if close else ""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


def _sop_class(text: str) -> str:
    if is_uid(text):
        return text
    uid = _sop_classes().get(_folded(text))
    if uid is None:
        names = (_keyword(entry.name) for entry in facts.load().uids.values() if _is_class(entry))
        raise ValueError(f"unknown SOP class '{text}'{suggestion(_keyword(text), names)}")
    return uid


@cache
def _sop_classes() -> dict[str, str]:
    """The UID of each SOP class by its folded name."""
    return {
        _folded(entry.name): uid for uid, entry in facts.load().uids.items() if _is_class(entry)
    }


def _is_class(entry: facts.Uid) -> bool:
    return "SOP Class" in entry.kind


def _keyword(name: str) -> str:
    """`CTImageStorage` for `CT Image Storage`."""
    return re.sub(r"[^A-Za-z0-9]", "", name)


def _folded(name: str) -> str:
    return _keyword(name).casefold()


OneOrMore = Annotated[tuple[T, ...], BeforeValidator(_as_list)]
"""A list; a single value is a list of one."""
SopClass = Annotated[str, AfterValidator(_sop_class)]
"""The UID of a SOP class; its name or keyword may be given instead."""
Modality = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_ ]{1,16}$")]


class Selection(Described):
    """Instances of some SOP classes, of some modalities, or all where nothing is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sop_class: OneOrMore[SopClass] = ()
    """UIDs, names or keywords of SOP classes."""
    modality: OneOrMore[Modality] = ()
    """Values of Modality (0008,0060)."""

    def has(self, sop_class_uid: str, modality: str) -> bool:
        """Whether an instance of that SOP class and modality is one of them."""
        return (not self.sop_class or sop_class_uid in self.sop_class) and (
            not self.modality or modality in self.modality
        )
