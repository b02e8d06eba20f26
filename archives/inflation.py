"""Inflates small entries at once, and computes CRC-32: with libdeflate where it is installed.

libdeflate takes less than half the time of zlib, but needs all bytes at once. It is not there in
an installation for the command line only (docs/decisions/0018).
"""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

try:
    _libdeflate: Any = import_module("deflate")
except ImportError:
    _libdeflate = None

crc32: Callable[..., int] = _libdeflate.crc32 if _libdeflate else zlib.crc32
"""CRC-32 of some bytes, and of those before them if theirs is given."""


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
    return (_by_libdeflate if _libdeflate else _by_zlib)(stored, size_bytes) if size_bytes else None


def _by_libdeflate(stored: bytes, size_bytes: int) -> bytes | None:
    try:
        return bytes(_libdeflate.deflate_decompress(stored, size_bytes))
    except _libdeflate.DeflateError:
        return None


def _by_zlib(stored: bytes, size_bytes: int) -> bytes | None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(stored, size_bytes + 1)
    except zlib.error:
        return None
    return content if inflater.eof and len(content) <= size_bytes else None
