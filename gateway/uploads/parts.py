"""A body of parts, whatever its media type, as it is read: a part begins, its bytes, it ends."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

FILE_PART = "file"
"""The name of a part that is a file."""


@dataclass(frozen=True)
class PartBegins:
    """The headers of a part have been read."""

    name: str
    """Name of the form's field; `FILE_PART` in bodies that name no parts."""
    sent_as: str = ""
    """The file name that the client gave, as text."""
    content_type: str = ""
    """Its media type in lower case, without parameters, as the client says."""


class PartEnds:
    """All bytes of a part have been read."""


PartEvent = PartBegins | bytes | PartEnds

Parts = AsyncGenerator[PartEvent, None]
"""What a body says, in this order again and again: `PartBegins`, `bytes` of any size, `PartEnds`.
It raises `RefusedUploadError` when the body is not well formed, ends early or is beyond limits."""
