"""The body of an answer with ranges of a file (RFC 9110, 14 and 15.3.7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from uuid import uuid4

from storage.stored_file import FileInStore

Range = tuple[int, int]
"""The position of the first byte, and the one after the last byte."""


@dataclass(frozen=True)
class RangesBody:
    """One range of a file, or several as the parts of ``multipart/byteranges``.

    Attributes:
        file: the file.
        ranges: at least one, none of them empty.
        size_bytes: the length of the whole file.
        file_type: the media type of the file.
    """

    file: FileInStore
    ranges: Sequence[Range]
    size_bytes: int
    file_type: str
    _boundary: str = field(default_factory=lambda: uuid4().hex)

    @property
    def media_type(self) -> str:
        """The media type of the body."""
        if len(self.ranges) == 1:
            return self.file_type
        return f"multipart/byteranges; boundary={self._boundary}"

    @property
    def headers(self) -> dict[str, str]:
        """`Content-Length`, and for one range `Content-Range`."""
        length = sum(end - start for start, end in self.ranges)
        if len(self.ranges) == 1:
            content_range = self._content_range(self.ranges[0])
            return {"Content-Length": str(length), "Content-Range": content_range}
        around = sum(len(self._head(part)) + len(b"\r\n") for part in self.ranges)
        return {"Content-Length": str(length + around + len(self._end))}

    def pieces(self) -> Iterator[bytes]:
        """The bytes. Blocks."""
        if len(self.ranges) == 1:
            yield from self.file.chunks(*self.ranges[0])
            return
        for part in self.ranges:
            yield from chain([self._head(part)], self.file.chunks(*part), [b"\r\n"])
        yield self._end

    def _content_range(self, part: Range) -> str:
        start, end = part
        return f"bytes {start}-{end - 1}/{self.size_bytes}"

    def _head(self, part: Range) -> bytes:
        return (
            f"--{self._boundary}\r\n"
            f"Content-Type: {self.file_type}\r\n"
            f"Content-Range: {self._content_range(part)}\r\n\r\n"
        ).encode()

    @property
    def _end(self) -> bytes:
        return f"--{self._boundary}--\r\n".encode()
