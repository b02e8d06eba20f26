"""pydicom's decoders with libraries chosen by name: what else is installed changes nothing.

pydicom would take any plugin that it finds, gdcm among them, and has none for imagecodecs
(docs/decisions/0011).
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

from engine.codestreams.decoding import IMAGECODECS
from engine.encoding.transfer_syntax import TRANSFER_SYNTAXES

_FUNCTIONS = {
    uid: IMAGECODECS[codec]
    for uid in (
        JPEGExtended12Bit,
        JPEGLossless,
        JPEGLosslessSV1,
        JPEGLSLossless,
        JPEGLSNearLossless,
        JPEG2000Lossless,
        JPEG2000,
        HTJ2KLossless,
        HTJ2KLosslessRPCL,
        HTJ2K,
    )
    if (codec := TRANSFER_SYNTAXES[uid].codec)
}
"""The functions of imagecodecs, by transfer syntax."""

DECODER_DEPENDENCIES = dict.fromkeys(_FUNCTIONS, ("imagecodecs",))
"""pydicom asks a plugin for what it needs, by transfer syntax."""

_PYDICOM = "pydicom.pixels.decoders"
_IMAGECODECS = (__name__, "decode_frame")
_PLUGINS: dict[UID, dict[str, tuple[str, str]]] = {
    ImplicitVRLittleEndian: {},
    ExplicitVRLittleEndian: {},
    DeflatedExplicitVRLittleEndian: {},
    ExplicitVRBigEndian: {},
    RLELossless: {"pydicom": (f"{_PYDICOM}.rle", "_decode_frame")},
    JPEGBaseline8Bit: {"pillow": (f"{_PYDICOM}.pillow", "_decode_frame")},
    **{uid: {"imagecodecs": _IMAGECODECS} for uid in _FUNCTIONS},
    # Pillow reads 8 bits and leaves 12 to imagecodecs.
    JPEGExtended12Bit: {
        "pillow": (f"{_PYDICOM}.pillow", "_decode_frame"),
        "imagecodecs": _IMAGECODECS,
    },
}


def decoder_of(transfer_syntax_uid: str) -> Decoder | None:
    """The decoder of a transfer syntax; None when there is none, or its library is missing."""
    uid = UID(transfer_syntax_uid)
    plugins = _PLUGINS.get(uid)
    if plugins is None:
        return None
    decoder = Decoder(uid)
    decoder.add_plugins(list(plugins.items()))
    return decoder if decoder.is_available else None


def is_available(_uid: str) -> bool:
    """Whether imagecodecs is installed; pydicom asks for each transfer syntax."""
    return find_spec("imagecodecs") is not None


def decode_frame(frame: bytes, runner: DecodeRunner) -> bytes:
    """The samples of a frame, and what pydicom must know of them."""
    decode = getattr(import_module("imagecodecs"), _FUNCTIONS[runner.transfer_syntax])
    samples = decode(frame)
    runner.set_option("bits_allocated", 8 * samples.itemsize)
    runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in {
        PhotometricInterpretation.YBR_ICT,
        PhotometricInterpretation.YBR_RCT,
    }:
        runner.set_option("photometric_interpretation", PhotometricInterpretation.RGB)
    return bytes(samples.tobytes())
