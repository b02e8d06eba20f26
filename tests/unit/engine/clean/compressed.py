"""Clean compressed images: one or more of each family of transfer syntaxes."""

from dataclasses import replace

from unit.engine import dicom_writer as dicom
from unit.engine.clean import images
from unit.engine.clean.codestreams import (
    H264,
    H265,
    HIGH_THROUGHPUT,
    JPEG_2000,
    JPEG_COLOUR,
    JPEG_GREY,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_XL,
    MPEG_2,
    mp4,
    rle,
)
from unit.engine.clean.modules import code, colour, grey
from unit.engine.clean.notation import DataSet, File, Fragments

_SYNTAXES = "1.2.840.10008.1.2.4"
_LOSSY: DataSet = {
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": 10,
    "LossyImageCompressionMethod": "ISO_10918_1",
}
_RAMP = bytes(range(0, 256, 4))


def rle_colour() -> File:
    """A photograph of three RLE segments."""
    pixels = colour(8, 8) | {"PixelData": Fragments((rle(_RAMP, bytes(64), b"\xff" * 64),))}
    return File(images.photo().dataset | pixels, dicom.RLE)


def rle_multiframe() -> File:
    """An ultrasound loop of three RLE frames, with an offset table."""
    frames = (rle(_RAMP), rle(bytes(64)), rle(_RAMP[::-1]))
    return _loop(frames, dicom.RLE)


def rle_ct() -> File:
    """A CT image of 16 bits in RLE: a segment for the high bytes, one for the low ones."""
    return _ct(dicom.RLE, rle(bytes(64), _RAMP))


def jpeg_colour() -> File:
    """A photograph in JPEG baseline."""
    pixels = colour(8, 8, photometric="YBR_FULL_422") | {"PixelData": Fragments((JPEG_COLOUR,))}
    return File(images.photo().dataset | pixels | _LOSSY, dicom.JPEG)


def jpeg_multiframe() -> File:
    """An ultrasound loop of three JPEG frames, with an offset table."""
    loop = _loop((JPEG_GREY,) * 3, dicom.JPEG)
    return File(loop.dataset | _LOSSY, dicom.JPEG)


def jpeg_lossless() -> File:
    """A CT image of 16 bits in lossless JPEG."""
    image = _ct(f"{_SYNTAXES}.70", JPEG_LOSSLESS)
    return image.put("BitsStored", 16).put("HighBit", 15)


def jpeg_ls() -> File:
    """A CT image in JPEG-LS."""
    return _ct(f"{_SYNTAXES}.80", JPEG_LS)


def jpeg_2000() -> File:
    """A CT image in JPEG 2000."""
    return _ct(f"{_SYNTAXES}.90", JPEG_2000)


def high_throughput() -> File:
    """A CT image of 16 bits in high-throughput JPEG 2000."""
    image = _ct(f"{_SYNTAXES}.201", HIGH_THROUGHPUT)
    return image.put("BitsStored", 16).put("HighBit", 15)


def jpeg_xl() -> File:
    """An ultrasound loop of one JPEG XL frame."""
    return _loop((JPEG_XL,), f"{_SYNTAXES}.110")


def high_throughput_in_order() -> File:
    """The same codestream, whose order of progression is the one that this syntax asks for."""
    header, first = HIGH_THROUGHPUT.split(b"\xff\x90", 1)
    lengths = b"\xff\x55\0\x08\0\x40" + first[4:8]
    ordered = Fragments((header + lengths + b"\xff\x90" + first,))
    return replace(high_throughput().put("PixelData", ordered), syntax=f"{_SYNTAXES}.202")


def encapsulated_native() -> File:
    """A CT image that is not compressed, in a fragment."""
    return _ct("1.2.840.10008.1.2.1.98", bytes(128))


def deflated_frame() -> File:
    """A CT image of which the frame is deflated, not the data set."""
    return _ct("1.2.840.10008.1.2.8.1", dicom.deflate(bytes(128)))


def h264() -> File:
    """An endoscopic video in H.264."""
    return _video(f"{_SYNTAXES}.102", H264, "ISO_14496_10")


def h264_in_mp4() -> File:
    """The same in an MP4 file."""
    return _video(f"{_SYNTAXES}.102", mp4(), "ISO_14496_10")


def h265() -> File:
    """An endoscopic video in H.265."""
    return _video(f"{_SYNTAXES}.107", H265, "ISO_23008_2")


def mpeg_2() -> File:
    """An endoscopic video in MPEG-2."""
    return _video(f"{_SYNTAXES}.100", MPEG_2, "ISO_13818_2")


def _video(syntax: str, stream: bytes, method: str) -> File:
    return File(
        images.photo().dataset
        | colour(48, 64, photometric="YBR_PARTIAL_420")
        | _LOSSY
        | {
            "Modality": "ES",
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.1.1",
            "LossyImageCompressionMethod": method,
            "AnatomicRegionSequence": code("12738006", "SCT", "Brain"),
            "NumberOfFrames": 1,
            "FrameTime": 40,
            "CineRate": 25,
            "FrameIncrementPointer": ("FrameTime",),
            "PixelData": Fragments((stream,)),
        },
        syntax,
    )


def _ct(syntax: str, frame: bytes) -> File:
    return File(images.ct().dataset | grey(8, 8) | {"PixelData": Fragments((frame,))}, syntax)


def _loop(frames: tuple[bytes, ...], syntax: str) -> File:
    offsets = tuple(
        sum(8 + len(frame) + len(frame) % 2 for frame in frames[:number])
        for number in range(len(frames))
    )
    return File(
        images.us_multiframe().dataset
        | grey(8, 8, bits=8, allocated=8)
        | {"NumberOfFrames": len(frames), "PixelData": Fragments(frames, offsets)},
        syntax,
    )
