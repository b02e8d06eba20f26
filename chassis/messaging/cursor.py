"""A position in the feed: how far each stream has been read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from contracts.channels import CHANNELS

EntryId = tuple[int, int]
"""A stream entry's id: milliseconds since the epoch, and a sequence number."""

BEGINNING = "0"
"""The text of the position before the oldest event that is kept."""
LONGEST_TEXT = 500

_ADDRESSES = tuple(channel.address for channel in CHANNELS)
_ID = "[0-9]{1,20}(-[0-9]{1,20})?"
_LARGEST = 2**64 - 1
_POSITION = f"({'|'.join(map(re.escape, _ADDRESSES))})~{_ID}"
PATTERN = f"^({_ID}|{_POSITION}(_{_POSITION})*)$"
"""What every cursor looks like (ECMA-262)."""
_CURSOR = re.compile(PATTERN.removesuffix("$") + r"\Z")
_ENTRY_ID = re.compile(_ID)


class CursorError(ValueError):
    """The text is not a cursor."""


def parse_entry_id(text: str) -> EntryId:
    """An entry's id from its text; without a sequence number, the first of that millisecond.

    Raises:
        CursorError: it is not one.
    """
    if not _ENTRY_ID.fullmatch(text):
        raise CursorError("no entry id")
    milliseconds, _, sequence = text.partition("-")
    return min(int(milliseconds), _LARGEST), min(int(sequence or 0), _LARGEST)


def entry_id_text(entry_id: EntryId) -> str:
    """An entry's id as Redis writes it."""
    return f"{entry_id[0]}-{entry_id[1]}"


@dataclass(frozen=True)
class Cursor:
    """The last entry read of each stream.

    One position for all streams would not do: within a millisecond, or after a clock is set back,
    entries of two streams may be appended in another order than that of their ids. Within a stream
    ids only rise, so nothing is ever added before a position.
    """

    positions: Mapping[str, EntryId] = field(default_factory=dict)
    """By address; a stream without a position is read from its oldest entry."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """A cursor from its text.

        Besides the text that `str` makes, this may be `0`, the beginning, or the id of an entry,
        which means its time: milliseconds since the epoch.

        Raises:
            CursorError: it is not one.
        """
        if text == BEGINNING:
            return cls()
        if len(text) > LONGEST_TEXT or not _CURSOR.match(text):
            raise CursorError("no place in the feed")
        if "~" not in text:
            return cls(dict.fromkeys(_ADDRESSES, parse_entry_id(text)))
        positions = dict(part.split("~") for part in text.split("_"))
        return cls({address: parse_entry_id(text) for address, text in positions.items()})

    def __str__(self) -> str:
        """Opaque to clients; fit for a URL and a header without any escaping."""
        parts = (
            f"{address}~{entry_id_text(self.positions[address]).removesuffix('-0')}"
            for address in _ADDRESSES
            if address in self.positions
        )
        return "_".join(parts) or BEGINNING

    def moved(self, positions: Mapping[str, EntryId]) -> "Cursor":
        """The cursor with some streams read further."""
        return Cursor({**self.positions, **positions})

    def has_passed(self, address: str, entry_id: EntryId) -> bool:
        """Whether an entry has been read."""
        return address in self.positions and entry_id <= self.positions[address]

    def has_missed(self, trimmed: Mapping[str, EntryId], addresses: Iterable[str]) -> bool:
        """Whether entries were trimmed off before they were read.

        Args:
            trimmed: the last entry that was trimmed off, for each stream that was trimmed.
            addresses: the streams to look at.
        """
        return any(
            self.positions[address] < trimmed[address]
            for address in addresses
            if address in self.positions and address in trimmed
        )
