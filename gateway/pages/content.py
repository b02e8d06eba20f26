"""Static content: stored compressed, and sent only if the client does not have it."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.conditions import is_listed

ASK_AGAIN = "no-cache"
"""The client keeps it, and asks each time whether it has changed."""
FOR_EVER = "public, max-age=31536000, immutable"
"""For content whose address changes when the content does (RFC 8246)."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes of one media type.

    Attributes:
        media_type: with its charset, if it has one.
        compressed: the bytes, compressed (gzip).
        version: changes whenever the bytes do; fit for an address.
    """

    media_type: str
    compressed: bytes
    version: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> Self:
        """Content from its bytes."""
        return cls.of_compressed(gzip.compress(body, mtime=0), media_type)

    @classmethod
    def of_compressed(cls, compressed: bytes, media_type: str) -> Self:
        """Content from its compressed bytes."""
        return cls(media_type, compressed, hashlib.sha256(compressed).hexdigest()[:16])

    def answer(
        self, request: Request, *, cache: str = ASK_AGAIN, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Answer a request: 200, or 304 if the client has this version.

        Args:
            request: has the encodings that the client accepts, and the version that it has.
            cache: the `Cache-Control` of the response.
            headers: further headers.
        """
        # Weak (RFC 9110, 8.8.1): compressed or not, the version is the same.
        tag = f'W/"{self.version}"'
        common = {
            "ETag": tag,
            "Cache-Control": cache,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        }
        if is_listed(tag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=common)
        if _accepts_gzip(request.headers.get("accept-encoding", "")):
            common["Content-Encoding"] = "gzip"
            return Response(self.compressed, headers=common, media_type=self.media_type)
        return Response(
            gzip.decompress(self.compressed), headers=common, media_type=self.media_type
        )


def _accepts_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` allows gzip (RFC 9110, 12.5.3)."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
