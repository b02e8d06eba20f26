"""Inflates small entries at once, and computes CRC-32: with libdeflate where it is installed.

libdeflate takes less than half the time of zlib, but needs all bytes at once. It is not there in
an installation for the command line only (docs/decisions/0018).
"""

import zlib
from typing import Any

try:
    from deflate import DeflateError, crc32, deflate_decompress
except ImportError:
    from zlib import crc32  # type: ignore[assignment]
    from zlib import error as DeflateError  # type: ignore[assignment]  # noqa: N812

    def deflate_decompress(data: Any, originalsize: int) -> bytearray:  # noqa: ANN401 -- as there
        """The same with zlib."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        content = inflater.decompress(data, originalsize + 1)
        if not inflater.eof or len(content) > originalsize:
            raise DeflateError
        return bytearray(content)


__all__ = ["crc32", "inflated"]


def inflated(stored: bytes, size_bytes: int) -> bytes | None:
    """The bytes of a deflated stream (RFC 1951), to be checked by their CRC-32.

    Bytes after the end of the stream are ignored.

    Args:
        stored: the stream.
        size_bytes: how many bytes it may have, inflated.

    Returns:
        None if it is broken, truncated, or has more bytes, and for no bytes: to those libdeflate's
        binding does not look.
    """
    if not size_bytes:
        return None
    try:
        return bytes(deflate_decompress(stored, size_bytes))
    except DeflateError:
        return None
