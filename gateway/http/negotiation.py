"""Content negotiation: the media type that a client prefers (RFC 9110 12.5.1, PS3.18 8.7)."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
JSON = "application/json"
MULTIPART = "multipart/related"

_RANGES = re.compile(r'(?:[^,"]|"[^"]*")+')
_PARAMETERS = re.compile(r';\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s;"]*))', re.ASCII)
_NAME = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+", re.ASCII)
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True)
class MediaRange:
    """One of the media types that a client accepts."""

    media_type: str
    """In lower case; may end with, or be, a wildcard."""
    type: str
    """Media type of the parts of a multipart response; empty if the client does not say."""
    transfer_syntax: str
    """A UID, ``*`` for any, or empty if the client does not say."""
    weight: float

    def matches(self, media_type: str, part_type: str, transfer_syntax: str) -> bool:
        """Whether the range includes a representation."""
        kind = media_type.partition("/")[0]
        return (
            self.media_type in {media_type, f"{kind}/*", "*/*"}
            and self.type in {part_type, ""}
            and self.transfer_syntax in {transfer_syntax, "*", ""}
        )

    @property
    def precision(self) -> tuple[int, bool]:
        """Of several ranges that match, the most precise one counts."""
        return -self.media_type.count("*"), self.transfer_syntax not in {"*", ""}


class Accept:
    """What a client accepts; everything if it does not say, or if that cannot be parsed.

    Args:
        values: all `Accept` headers, or the query parameter in place of them.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._ranges = [found for value in values for found in _parse(value)]

    @classmethod
    def of(cls, headers: Iterable[str], query: Iterable[str]) -> Self:
        """The query parameter `accept` counts more than the header (PS3.18 8.3.3.1)."""
        return cls(list(query) or headers)

    def preferred(self, offered: Collection[str]) -> str | None:
        """The media type that the client prefers, else our first; None if none is acceptable."""
        best = max(offered, key=self._weight)
        return best if self._weight(best) else None

    def preferred_form(
        self, transfer_syntaxes: Collection[str], *, one: bool, in_ranges: bool = False
    ) -> str | None:
        """How to send instances: `MULTIPART`, or `DICOM` for a single one; None for neither.

        Args:
            transfer_syntaxes: those in which they are stored; the client has to accept all of them.
            one: whether a single instance is requested.
            in_ranges: whether ranges of it are: only a file by itself has some.
        """

        def weight(form: str) -> float:
            return min(
                self._weight(form, DICOM if form == MULTIPART else "", transfer_syntax)
                for transfer_syntax in transfer_syntaxes
            )

        forms = (DICOM, MULTIPART) if in_ranges else (MULTIPART, DICOM)
        best = max(forms if one else (MULTIPART,), key=weight)
        return best if weight(best) else None

    def _weight(self, media_type: str, part_type: str = "", transfer_syntax: str = "") -> float:
        if not self._ranges:
            return 1.0
        matching = [r for r in self._ranges if r.matches(media_type, part_type, transfer_syntax)]
        # Of several equally precise ranges, the one with the highest weight counts.
        best = max(matching, key=lambda r: (r.precision, r.weight), default=None)
        return best.weight if best else 0.0


def parse_media_type(text: str) -> tuple[str, dict[str, str]]:
    """A media type and its parameters, the names of both in lower case.

    Many clients leave out the quotes that the slash in ``type=application/dicom`` needs.
    """
    parameters = {
        name.lower(): quoted or plain for name, quoted, plain in _PARAMETERS.findall(text)
    }
    return text.partition(";")[0].strip().lower(), parameters


def _parse(value: str) -> Iterator[MediaRange]:
    for text in _RANGES.findall(value):
        media_type, parameters = parse_media_type(text)
        weight = parameters.get("q", "1")
        if _NAME.fullmatch(media_type) and _WEIGHT.fullmatch(weight):
            yield MediaRange(
                media_type,
                parameters.get("type", "").lower(),
                parameters.get("transfer-syntax", ""),
                float(weight),
            )
