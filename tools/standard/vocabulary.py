"""Tags, keywords and UIDs, as pydicom's dictionary has them."""

from functools import cache
from typing import TypeAlias

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._uid_dict import UID_dictionary

TagPath: TypeAlias = tuple[int, ...]

NUMBER_VRS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})


def dictionary() -> dict[str, tuple[str, str, str, int]]:
    """Keyword, VR, VM and whether retired, by tag; ``x`` is any digit."""
    entries = {f"{tag:08X}": entry for tag, entry in DicomDictionary.items()} | RepeatersDictionary
    return {
        tag: (keyword, vr, vm, int(retired == "Retired"))
        for tag, (vr, vm, _, retired, keyword) in sorted(entries.items())
    }


def uids() -> dict[str, tuple[str, str, int]]:
    """Name, type and whether retired, by UID."""
    return {
        uid: (name, kind, int(retired == "Retired"))
        for uid, (name, kind, _, retired, _) in sorted(UID_dictionary.items())
    }


@cache
def _tags() -> dict[str, int]:
    """The first tag with a keyword."""
    tags: dict[str, int] = {}
    for tag, (keyword, _, _, _) in dictionary().items():
        tags.setdefault(keyword, int(tag.replace("x", "0"), 16))
    return tags


def keyword_tag(keyword: str) -> int:
    """The tag; of a repeating group the first.

    Raises:
        KeyError: there is none.
    """
    return _tags()[keyword]


@cache
def _entries() -> dict[int, tuple[str, str, str, str]]:
    """Name, VR, VM and keyword by tag, repeating groups under their first."""
    repeaters = {
        int(tag.replace("x", "0"), 16): entry for tag, entry in RepeatersDictionary.items()
    }
    return {
        tag: (name, vr, vm, keyword)
        for tag, (vr, vm, name, _, keyword) in (repeaters | DicomDictionary).items()
    }


def keywords(path: TagPath) -> tuple[str, ...]:
    """The keywords on a path; empty where the dictionary has none."""
    return tuple(_entries().get(tag, ("",) * 4)[3] for tag in path)


def name(tag: int) -> str:
    """The attribute's name in text, or ``""``."""
    return _entries().get(tag, ("",) * 4)[0]


def is_number(tag: int) -> bool:
    """Whether values of this attribute are numbers."""
    vr = _entries().get(tag, ("",) * 4)[1]
    return not NUMBER_VRS.isdisjoint(vr.split(" or "))


def is_multiple(tag: int) -> bool:
    """Whether the attribute can have several values."""
    return _entries().get(tag, ("",) * 4)[2] != "1"


def vr(tag: int) -> str:
    """The attribute's VR, or ``""``."""
    return _entries().get(tag, ("",) * 4)[1]
