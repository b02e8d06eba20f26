"""Headers of JPEG XL (ISO/IEC 18181-1, annex D): fields of single bits, the lowest first."""

from collections.abc import Sequence

from engine.codestreams.codestream import Codestream, TruncatedError
from engine.codestreams.frame import Frame
from engine.encoding.transfer_syntax import Codec

START = b"\xff\x0a"

_HEADER = 256
"""More than the fields that are read can take, in bytes."""
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Width to height, for the ratios from 1."""
_SIZE = ((9, 1), (13, 1), (18, 1), (30, 1))
_DEPTHS = ((0, 8), (0, 10), (0, 12), (6, 1))
_FLOAT_DEPTHS = ((0, 32), (0, 16), (0, 24), (6, 1))
_ENUMERATION = ((0, 0), (0, 1), (4, 2), (6, 18))
_EXTRA_CHANNELS = ((0, 0), (0, 1), (4, 2), (12, 1))
_GREY = 1


def read_jpegxl(frame: Frame) -> Codestream:
    """Read the size and what comes of the metadata before anything optional.

    Raises:
        TruncatedError: the frame ends within them.
    """
    bits = _Bits(frame.read(len(START), _HEADER))
    rows, columns = _read_size(bits)
    precision, components, lossless = _read_metadata(bits)
    if bits.exceeded:
        raise TruncatedError(f"no image size within {frame.length} bytes")
    return Codestream(
        Codec.JPEG_XL,
        rows=rows,
        columns=columns,
        components=components,
        precision=precision,
        lossless=lossless,
    )


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    @property
    def exceeded(self) -> bool:
        """Whether more was taken than there is."""
        return self._left < 0

    def take(self, count: int) -> int:
        value = self._bits & ((1 << count) - 1)
        self._bits >>= count
        self._left -= count
        return value

    def choose(self, distributions: Sequence[tuple[int, int]]) -> int:
        """Two bits choose how many bits follow, and what is added to them."""
        count, added = distributions[self.take(2)]
        return self.take(count) + added


def _read_size(bits: _Bits) -> tuple[int, int]:
    in_eights = bits.take(1)
    rows = (bits.take(5) + 1) * 8 if in_eights else bits.choose(_SIZE)
    ratio = bits.take(3)
    if ratio:
        width, height = _RATIOS[ratio - 1]
        return rows, rows * width // height
    return rows, (bits.take(5) + 1) * 8 if in_eights else bits.choose(_SIZE)


def _read_metadata(bits: _Bits) -> tuple[int | None, int | None, bool | None]:
    """Precision, components, and False if the samples cannot come out as they went in."""
    if bits.take(1):  # all as usual: 8 bits, RGB, in the lossy colour space
        return 8, 3, False
    if bits.take(1) and not _skip_extra_fields(bits):
        return None, None, None
    is_float = bits.take(1)
    precision = bits.choose(_FLOAT_DEPTHS if is_float else _DEPTHS)
    if is_float:
        bits.take(4)
    bits.take(1)
    if bits.choose(_EXTRA_CHANNELS):
        return precision, None, None
    is_lossy = bits.take(1)
    components = 3
    if not bits.take(1):
        bits.take(1)
        components = 1 if bits.choose(_ENUMERATION) == _GREY else 3
    return precision, components, False if is_lossy else None


def _skip_extra_fields(bits: _Bits) -> bool:
    """Whether what follows can be read: behind a preview or an animation nothing is."""
    bits.take(3)  # orientation
    if bits.take(1):
        _read_size(bits)
    return not bits.take(2)
