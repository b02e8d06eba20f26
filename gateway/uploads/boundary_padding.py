"""Takes out the spaces that may follow a boundary in its line (RFC 2046 5.1.1)."""

_MOST_PADDING = 1024
"""In bytes; with more the body is malformed."""


class BoundaryPadding:
    """Removes the padding from a body as it arrives.

    Args:
        boundary: of the multipart body.
    """

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"\r\n--" + boundary.encode("latin1", "replace")
        # The first boundary may be at the very start: its line break is the end of an empty one.
        self._held = b"\r\n"

    def without(self, chunk: bytes) -> bytes:
        """The next bytes without padding; what may be part of a boundary comes with later ones."""
        data = self._held + chunk if self._held else chunk
        kept, start, position = [], 0, 0
        hold = len(data)
        while (found := data.find(self._delimiter, position)) >= 0:
            end = position = found + len(self._delimiter)
            while position < len(data) and data[position] in b" \t":
                position += 1
            if position == len(data) and position - end < _MOST_PADDING:
                hold = found
                break
            if position > end and data[position : position + 1] == b"\r":
                kept.append(data[start:end])
                start = position
        else:
            hold -= self._partial(data)
        self._held = data[hold:]
        kept.append(data[start:hold])
        return b"".join(kept)

    def rest(self) -> bytes:
        """What is left at the end of the body."""
        held, self._held = self._held, b""
        return held

    def _partial(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a boundary."""
        first = data.rfind(b"\r", max(0, len(data) - len(self._delimiter)))
        is_partial = first >= 0 and self._delimiter.startswith(data[first:])
        return len(data) - first if is_partial else 0
