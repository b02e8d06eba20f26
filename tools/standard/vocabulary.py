"""Tags, keywords and UIDs, as pydicom's dictionary has them."""

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._uid_dict import UID_dictionary

TagPath: TypeAlias = tuple[int, ...]

NUMBER_VRS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})


_DICTIONARY: dict[str, tuple[str, str, str, int]] = {}
_NAMES: dict[str, str] = {}
_UIDS: dict[str, tuple[str, str, int]] = {}


def extend(
    entries: Mapping[str, tuple[str, str, str, int]],
    names: Mapping[str, str],
    known_uids: Mapping[str, tuple[str, str, int]],
) -> None:
    """Let the dictionary of a newer edition go before that of pydicom.

    Args:
        entries: as `dictionary` has them.
        names: of the attributes, by tag.
        known_uids: as `uids` has them.
    """
    _DICTIONARY.update(entries)
    _NAMES.update(names)
    _UIDS.update(known_uids)
    _forget()


def restore() -> None:
    """Take back what `extend` has added."""
    for added in (_DICTIONARY, _NAMES, _UIDS):
        added.clear()
    _forget()


def _forget() -> None:
    _tags.cache_clear()
    _entries.cache_clear()


def dictionary() -> dict[str, tuple[str, str, str, int]]:
    """Keyword, VR, VM and whether retired, by tag; ``x`` is any digit."""
    entries = {f"{tag:08X}": entry for tag, entry in DicomDictionary.items()} | RepeatersDictionary
    known = {
        tag: (keyword, vr, vm, int(retired == "Retired"))
        for tag, (vr, vm, _, retired, keyword) in entries.items()
    }
    return dict(sorted((known | _DICTIONARY).items()))


def uids() -> dict[str, tuple[str, str, int]]:
    """Name, type and whether retired, by UID."""
    known = {
        uid: (name, kind, int(retired == "Retired"))
        for uid, (name, kind, _, retired, _) in UID_dictionary.items()
    }
    return dict(sorted((known | _UIDS).items()))


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
    known = {
        tag: (name, vr, vm, keyword)
        for tag, (vr, vm, name, _, keyword) in (repeaters | DicomDictionary).items()
    }
    newer = {
        int(tag.replace("x", "0"), 16): (_NAMES.get(tag, ""), vr, vm, keyword)
        for tag, (keyword, vr, vm, _) in _DICTIONARY.items()
    }
    return known | newer


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
