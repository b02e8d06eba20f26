"""The parts of a request's body, one after the other as they arrive, whatever its media type."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

FILE_PART = "file"
"""The name of a part that is a file."""


@dataclass(frozen=True)
class PartHead:
    """The headers of a part have been read."""

    name: str
    """Name of the form's field; `FILE_PART` in bodies whose parts have no names."""
    sent_as: str = ""
    """The file name that the client gave, as text. May contain PHI."""


class PartEnd:
    """All bytes of a part have been read."""


Piece = bytes | bytearray
"""Some bytes of a part, never changed; often too many to be copied for nothing."""

Events = AsyncGenerator[PartHead | Piece | PartEnd, None]
"""A body as it is parsed, for each part: `PartHead`, pieces of any size, `PartEnd`."""


class Part:
    """A part; iterating over it gives its bytes, once.

    Attributes:
        head: its headers.
    """

    def __init__(self, head: PartHead, events: Events) -> None:
        self.head = head
        self._events = events
        self._is_read = False

    def __aiter__(self) -> "Part":
        return self

    async def __anext__(self) -> Piece:
        """The next bytes of the part."""
        event = PartEnd() if self._is_read else await anext(self._events)
        if isinstance(event, bytes | bytearray):
            return event
        self._is_read = True
        raise StopAsyncIteration


Parts = AsyncGenerator[Part, None]
"""The parts of a body. It raises `Problem` when the body is malformed, ends early or
exceeds a limit."""


async def parts_of(events: Events) -> Parts:
    """The parts of a body, each to be read before the next one is asked for.

    Args:
        events: the body; closed at the end. What is left unread of a part is skipped.
    """
    async with aclosing(events):
        async for event in events:
            if isinstance(event, PartHead):
                part = Part(event, events)
                yield part
                async for _ in part:
                    pass
