"""pydicom's decoders with libraries chosen by name: what else is installed changes nothing.

pydicom would take any plugin that it finds, gdcm among them, and reaches two of the libraries
through the package pylibjpeg only, which we do without (docs/decisions/0011).
"""

from importlib import import_module
from importlib.util import find_spec

from pydicom.pixels.common import PhotometricInterpretation
from pydicom.pixels.decoders.base import Decoder, DecodeRunner
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

_JPEG_2000 = (JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K)
_JPEG = (JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)

DECODER_DEPENDENCIES = {
    **dict.fromkeys(_JPEG_2000, ("pylibjpeg-openjpeg",)),
    **dict.fromkeys(_JPEG, ("hybrid-dicom-validator[jpeg-lossless]",)),
}
"""pydicom asks a plugin for what it needs, by transfer syntax."""

_PYDICOM = "pydicom.pixels.decoders"
_PLUGINS: dict[UID, dict[str, tuple[str, str]]] = {
    ImplicitVRLittleEndian: {},
    ExplicitVRLittleEndian: {},
    DeflatedExplicitVRLittleEndian: {},
    ExplicitVRBigEndian: {},
    RLELossless: {"pydicom": (f"{_PYDICOM}.rle", "_decode_frame")},
    JPEGBaseline8Bit: {"pillow": (f"{_PYDICOM}.pillow", "_decode_frame")},
    # Pillow for 8 bits: it leaves 12 to the next.
    JPEGExtended12Bit: {"pillow": (f"{_PYDICOM}.pillow", "_decode_frame")},
    JPEGLSLossless: {"pyjpegls": (f"{_PYDICOM}.pyjpegls", "_decode_frame")},
    JPEGLSNearLossless: {"pyjpegls": (f"{_PYDICOM}.pyjpegls", "_decode_frame")},
}
for _uid in _JPEG:
    _PLUGINS.setdefault(_uid, {})["libjpeg"] = (__name__, "decode_jpeg")
for _uid in _JPEG_2000:
    _PLUGINS[_uid] = {"openjpeg": (__name__, "decode_jpeg_2000")}


def decoder_of(transfer_syntax_uid: str) -> Decoder | None:
    """The decoder of a transfer syntax; None when there is none, or its library is missing."""
    uid = UID(transfer_syntax_uid)
    plugins = _PLUGINS.get(uid)
    if plugins is None:
        return None
    decoder = Decoder(uid)
    decoder.add_plugins(list(plugins.items()))
    return decoder if decoder.is_available else None


def is_available(uid: str) -> bool:
    """Whether the library for a transfer syntax is installed; pydicom asks."""
    return find_spec("openjpeg" if uid in _JPEG_2000 else "libjpeg") is not None


def decode_jpeg(frame: bytes, _runner: DecodeRunner) -> bytearray:
    """The samples of a JPEG frame, of more than 8 bits or lossless."""
    decoded: bytearray = import_module("libjpeg").decode_pixel_data(frame, version=2)
    return decoded


def decode_jpeg_2000(frame: bytes, runner: DecodeRunner) -> bytearray:
    """The samples of a JPEG 2000 or HTJ2K frame, and what pydicom must know of them."""
    decoded: bytearray = import_module("openjpeg").decode_pixel_data(frame, version=2)
    if runner.photometric_interpretation in {
        PhotometricInterpretation.YBR_ICT,
        PhotometricInterpretation.YBR_RCT,
    }:
        runner.set_option("photometric_interpretation", PhotometricInterpretation.RGB)
    # The library gives each sample the smallest word that holds the precision of the codestream.
    precision = runner.get_option("j2k_precision", runner.bits_stored)
    runner.set_option("bits_allocated", next(bits for bits in (8, 16, 32) if precision <= bits))
    return decoded
