"""Writes PNG pictures (ISO/IEC 15948), grey or RGB, 8 bits a sample.

Pillow tries all five filters on each row, which takes three times as long as the compression, and
makes files 1 % smaller than the filter Sub does on medical images.
"""

import struct
import zlib
from typing import Any

import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB = 0, 2
_SUB = 1
"""The filter that stores each sample as the difference from the one to the left."""
_LEVEL, _WINDOW_BITS, _MEMORY_LEVEL = 1, 15, 9


def png_of(pixels: Pixels) -> bytes:
    """The PNG of a picture.

    Args:
        pixels: rows, columns and, in colour, three samples.
    """
    height, width = pixels.shape[:2]
    colour = _GREY if pixels.ndim == 2 else _RGB
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    data = _deflated(_filtered(pixels.reshape(height, width, -1)))
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _filtered(pixels: Pixels) -> Pixels:
    """The rows with their filter in front of each."""
    height, width, samples = pixels.shape
    rows = np.empty((height, 1 + width * samples), np.uint8)
    rows[:, 0] = _SUB
    differences = rows[:, 1:].reshape(height, width, samples)
    differences[:, 0] = pixels[:, 0]
    np.subtract(pixels[:, 1:], pixels[:, :-1], out=differences[:, 1:])
    return rows


def _deflated(rows: Pixels) -> bytes:
    # Runs are all that is looked for: grey pictures get as small as with zlib's default, in a
    # quarter of its time.
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_RLE)
    return compressor.compress(rows.tobytes()) + compressor.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
