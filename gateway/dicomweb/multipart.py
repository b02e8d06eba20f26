"""Instances as the parts of a multipart/related body (PS3.18 8.6.1, RFC 2387)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

from contracts.model import is_uid
from gateway.dicomweb.resources import Found, Resource
from gateway.http.negotiation import DICOM, MULTIPART
from storage.metadata import ArchivedInstance
from storage.stored_file import FileInStore
from storage.study_folder import StudyFolder

CRLF = b"\r\n"


@dataclass(frozen=True)
class Part:
    """An instance of a body."""

    file: FileInStore
    sha256: str
    size_bytes: int
    transfer_syntax_uid: str
    location: str
    """Path of the instance; empty if it has no valid UIDs."""

    @property
    def media_type(self) -> str:
        """The media type, with the transfer syntax if known."""
        if not self.transfer_syntax_uid:
            return DICOM
        return f"{DICOM}; transfer-syntax={self.transfer_syntax_uid}"


def parts(found: Sequence[Found]) -> list[Part]:
    """The instances as parts, in their order."""
    return [_part(place.folder, instance) for place in found for instance in place.wanted]


class MultipartBody:
    """A body; its length is known before its parts are read.

    Args:
        parts: the instances.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._boundary = uuid4().hex

    @property
    def media_type(self) -> str:
        """The media type of the body."""
        return f'{MULTIPART}; type="{DICOM}"; boundary={self._boundary}'

    @property
    def length(self) -> int:
        """The length of the body in bytes."""
        parts = (len(self._head(part)) + part.size_bytes + len(CRLF) for part in self._parts)
        return sum(parts) + len(self._end)

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the body. Blocks."""
        for part in self._parts:
            yield self._head(part)
            yield from part.file.chunks()
            yield CRLF
        yield self._end

    def _head(self, part: Part) -> bytes:
        lines = [f"--{self._boundary}", f"Content-Type: {part.media_type}"]
        if part.location:
            lines.append(f"Content-Location: {part.location}")
        return CRLF.join(line.encode() for line in [*lines, "", ""])

    @property
    def _end(self) -> bytes:
        return f"--{self._boundary}--\r\n".encode()


def _part(folder: StudyFolder, instance: ArchivedInstance) -> Part:
    resource = Resource(
        instance.study_instance_uid, instance.series_instance_uid, instance.sop_instance_uid
    )
    syntax = instance.transfer_syntax_uid
    # An invalid UID is untrusted text, which must not be in a header.
    return Part(
        file=folder.file(instance.file),
        sha256=instance.sha256,
        size_bytes=instance.size_bytes,
        transfer_syntax_uid=syntax if is_uid(syntax) else "",
        location=resource.path if resource.is_valid else "",
    )
