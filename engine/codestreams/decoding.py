"""Decodes frames, to see whether they can be: nothing is imported before a profile asks for it.

Each codec is called by name, never through a search for installed plugins: which library reads a
file must not depend on what else is installed (docs/decisions/0011).
"""

import os
import zlib
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

from engine.codestreams.codestream import Codestream, InvalidError
from engine.codestreams.rle import decode_rle
from engine.encoding.transfer_syntax import Codec
from engine.image import Layout
from engine.muting import muted

if TYPE_CHECKING:
    import numpy as np

    Samples = np.ndarray[Any, np.dtype[Any]]

_DECODER_BYTES = 16 * 1024**2
_SAMPLE_BYTES = 16
"""What a decoder may need for itself, and for each sample while it works, in bytes."""
_PILLOW_PROCESSES = {0xC0, 0xC1, 0xC2}
_IMAGECODECS_PROCESSES = {*_PILLOW_PROCESSES, 0xC3, 0xC9, 0xCA}
"""The JPEG processes that can be decoded: no hierarchical ones, none lossless with arithmetic
coding."""

IMAGECODECS = {
    Codec.JPEG: "jpeg8_decode",
    Codec.JPEG_LS: "jpegls_decode",
    Codec.JPEG_2000: "jpeg2k_decode",
    Codec.HTJ2K: "jpeg2k_decode",
    Codec.JPEG_XL: "jpegxl_decode",
}
"""The functions of imagecodecs. JPEG with 8 bits that is not lossless is left to Pillow."""


class UnavailableError(Exception):
    """No decoder is installed that reads such frames; the text says what to install."""


class DecodingError(Exception):
    """A frame that can't be decoded; the text is the type of the decoder's exception.

    What the decoder says may contain bytes of the file and is left out.
    """


def decode(frame: bytes, header: Codestream, layout: Layout) -> "Samples":
    """The samples of one frame, in one dimension and in no order that is promised.

    Args:
        frame: the codestream.
        header: what its header says; found to fit the layout.
        layout: the size and kind of the samples.

    Raises:
        UnavailableError: no decoder is installed.
        DecodingError: the decoder fails.
        MemoryError: the process may not have so much memory.
    """
    decoder = _decoder_of(header)
    try:
        with muted():
            return decoder(frame, header, layout)
    except (MemoryError, UnavailableError):
        raise
    except InvalidError:  # our own decoder, which has read what there is
        raise DecodingError(InvalidError.__name__) from None
    except Exception as error:  # noqa: BLE001  # each library has exceptions of its own
        # A library that runs out of memory fails in the same way as at a damaged frame. If it
        # could not have had enough, this raises a MemoryError.
        bytearray(_DECODER_BYTES + _SAMPLE_BYTES * count_of_samples(header.codec, layout))
        raise DecodingError(type(error).__name__) from None


def has_stray_bits(samples: "Samples", layout: Layout) -> bool:
    """Whether any sample has a value that the stored bits cannot hold (PS3.5 8.1.1).

    Args:
        samples: the samples of a frame.
        layout: says how many bits are stored. Negative values may or may not be extended to the
            bits above.
    """
    are_packed = layout.bits_allocated == 1
    if are_packed or not samples.size or layout.bits_stored >= 8 * samples.dtype.itemsize:
        return False
    if layout.signed and samples.dtype.kind == "u":
        samples = samples.view(samples.dtype.str.replace("u", "i"))
    lowest = -(1 << (layout.bits_stored - 1)) if layout.signed else 0
    return bool(samples.max() >= 1 << layout.bits_stored or samples.min() < lowest)


def count_of_samples(codec: Codec, layout: Layout) -> int:
    """How many samples a decoded frame has; bytes, where samples are not of whole words."""
    is_rle_of_bits = codec is Codec.RLE and layout.bits_allocated == 1
    if is_rle_of_bits or codec in {Codec.UNCOMPRESSED, Codec.DEFLATE}:
        return (layout.frame_bits + 7) // 8 // _width(layout)
    count = layout.rows * layout.columns * layout.samples
    if codec is Codec.RLE:
        return count * ((layout.bits_allocated + 7) // 8) // _width(layout)
    return count


def native_samples(
    frame: memoryview | bytes | bytearray, layout: Layout, byte_order: str = "little"
) -> "Samples":
    """The samples of a frame in native format, without copying them.

    Args:
        frame: its bytes.
        layout: the size of the samples; bytes are given where they are not of whole words.
        byte_order: `little` or `big`.

    Raises:
        UnavailableError: numpy is not installed.
    """
    order = "<" if byte_order == "little" else ">"
    samples: Samples = _load("numpy").frombuffer(frame, f"{order}u{_width(layout)}")
    return samples


def _width(layout: Layout) -> int:
    width = layout.bits_allocated // 8
    return width if width in {1, 2, 4, 8} else 1


Decoder = Callable[[bytes, Codestream, Layout], "Samples"]


def _decoder_of(header: Codestream) -> Decoder:
    codec = header.codec
    if codec is Codec.JPEG and header.precision == 8 and header.process in _PILLOW_PROCESSES:
        return _decode_jpeg
    if codec is Codec.JPEG and header.process not in _IMAGECODECS_PROCESSES:
        raise UnavailableError("no decoder of this JPEG process is supported")
    if codec in IMAGECODECS:
        return _decode_with_imagecodecs
    if codec in _DECODERS:
        return _DECODERS[codec]
    raise UnavailableError(f"no decoder of {codec.value} is supported")


def _decode_bytes(frame: bytes, _header: Codestream, layout: Layout) -> "Samples":
    return native_samples(frame[: (layout.frame_bits + 7) // 8], layout)


def _inflate(frame: bytes, _header: Codestream, layout: Layout) -> "Samples":
    # One sample more than there should be, to tell a full measure from too much.
    limit = (layout.frame_bits + 7) // 8 + _width(layout)
    return native_samples(zlib.decompressobj(-15).decompress(frame, limit), layout)


def _decode_rle(frame: bytes, _header: Codestream, layout: Layout) -> "Samples":
    if layout.bits_allocated == 1:
        return native_samples(_decode_rle_bits(frame, layout), layout)
    # A plane for each byte of each sample, the highest byte first.
    size, width = layout.rows * layout.columns, (layout.bits_allocated + 7) // 8
    planes = native_samples(decode_rle(frame, size), layout._replace(bits_allocated=8))
    samples = planes.reshape(layout.samples, width, size)[:, ::-1, :].transpose(0, 2, 1)
    return native_samples(samples.tobytes(), layout)


def _decode_rle_bits(frame: bytes, layout: Layout) -> bytes:
    """Single bits, which writers pack or give a byte each: either will do."""
    packed = (layout.frame_bits + 7) // 8
    try:
        return decode_rle(frame, packed)
    except InvalidError:
        return decode_rle(frame, layout.rows * layout.columns)[:packed]


def _decode_jpeg(frame: bytes, _header: Codestream, _layout: Layout) -> "Samples":
    # The class itself: `Image.open` would look for other formats, and refuse large images.
    image = _load("PIL.JpegImagePlugin").JpegImageFile(BytesIO(frame))
    image.load()
    samples: Samples = _load("numpy").asarray(image).ravel()
    return samples


def _decode_with_imagecodecs(frame: bytes, header: Codestream, _layout: Layout) -> "Samples":
    decode = getattr(_load("imagecodecs"), IMAGECODECS[header.codec])
    samples: Samples = decode(frame).ravel()
    return samples


_DECODERS: dict[Codec, Decoder] = {
    Codec.UNCOMPRESSED: _decode_bytes,
    Codec.DEFLATE: _inflate,
    Codec.RLE: _decode_rle,
}


def _load(module: str) -> Any:  # noqa: ANN401  # the libraries have no common type
    # Numpy's linear algebra would reserve tens of megabytes for a thread on each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        return import_module(module)
    except ImportError:
        raise UnavailableError("install hybrid-dicom-validator[decoding]") from None
