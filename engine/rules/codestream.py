"""Rules of compressed frames: their headers against the rest of the file (PS3.5 8.2)."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.pixels.conformance")

_COMPRESS_AGAIN = (
    "Compress the original pixels again, or get the image again from where it was made."
)

INVALID = RULES.define(
    "codestream.invalid",
    Severity.ERROR,
    "A frame is no codestream of any kind that could be read.",
    "PS3.5 A.4",
    why="No decoder can make an image of it: the bytes were overwritten, or never were an image.",
    fix=_COMPRESS_AGAIN,
    refusal="No reader makes an image of the frame.",
    found_by="engine.pixels.check",
)
TRUNCATED = RULES.define(
    "codestream.truncated",
    Severity.ERROR,
    "A compressed frame ends before its codestream does.",
    "PS3.5 A.4",
    why="Part of the image is lost. Many decoders fill it up with grey or black and say nothing.",
    fix="Transfer the image again from where it is whole.",
    refusal="A part of the image is lost, and often filled up without a word.",
    found_by="engine.pixels.check",
)
KIND = RULES.define(
    "codestream.kind",
    Severity.ERROR,
    "A frame is compressed in another way than the transfer syntax says.",
    "PS3.5 A.4",
    why="A reader picks its decoder by the transfer syntax, and that one cannot read the frame.",
    fix="Set the transfer syntax UID to what the frames are compressed with.",
    refusal="Readers take the wrong decoder for the frame.",
)
PROCESS = RULES.define(
    "codestream.process",
    Severity.ERROR,
    "A frame is compressed with a process that the transfer syntax does not allow.",
    "PS3.5 A.4.1",
    why="Receivers accept a transfer syntax because they can decode it; this one they may not.",
    fix="Set the transfer syntax UID of the process that was used.",
    refusal="Readers that support the transfer syntax need not be able to decode the frame.",
)
SCAN = RULES.define(
    "codestream.scan",
    Severity.WARNING,
    "The scan of a sequential JPEG process does not say that it covers all coefficients.",
    "PS3.5 A.4.1",
    why="Lenient decoders read the frame all the same, strict ones refuse it.",
    fix="Set start and end of the spectral selection in the scan header to 0 and 63.",
)
PROGRESSION = RULES.define(
    "codestream.progression",
    Severity.WARNING,
    "The order of progression in the codestream is not the one that the transfer syntax requires.",
    "PS3.5 A.4",
    why="A reader that fetches a small image from the beginning of the codestream does not find "
    "it.",
    fix="Compress with order RPCL, or declare the transfer syntax without a fixed order.",
)
NOT_LOSSLESS = RULES.define(
    "codestream.not-lossless",
    Severity.WARNING,
    "A frame is compressed with loss under a transfer syntax that promises none.",
    "PS3.5 A.4",
    why="Pixels have been altered, and readers of the image take them for the original ones.",
    fix="Compress the original without loss, or declare the lossy transfer syntax and set "
    "LossyImageCompression to 01.",
)
LOSSY_UNDECLARED = RULES.define(
    "codestream.lossy-undeclared",
    Severity.WARNING,
    "The pixels are compressed with loss, and LossyImageCompression does not say so.",
    "PS3.3 C.7.6.1.1.5",
    why="Once the image is decompressed, no trace of the loss is left.",
    fix="Set LossyImageCompression (0028,2110) to 01, with the ratio and the method.",
)
DIMENSIONS = RULES.define(
    "codestream.dimensions",
    Severity.ERROR,
    "A frame has another size than Rows and Columns say.",
    "PS3.5 8.2",
    why="Readers that trust the data set show a torn image or none; measurements are wrong.",
    fix="Set Rows and Columns to the size of the frames, unless a frame has got into the wrong "
    "file.",
    refusal="Readers show a torn image, or measure wrong lengths.",
)
COMPONENTS = RULES.define(
    "codestream.components",
    Severity.ERROR,
    "A frame has another number of components than SamplesPerPixel says.",
    "PS3.5 8.2",
    why="A grey image is taken for a coloured one, or the other way round.",
    fix="Set SamplesPerPixel and PhotometricInterpretation to what the frames are.",
    refusal="Readers show another image, or none.",
)
PRECISION = RULES.define(
    "codestream.precision",
    Severity.ERROR,
    "The samples of a frame have more bits than are allocated.",
    "PS3.5 8.2",
    why="Decoded values do not fit; they are cut off or run into the next pixel.",
    fix="Set BitsAllocated, BitsStored and HighBit to what the frames hold.",
    refusal="Decoded values do not fit, so that readers show other densities.",
)
BITS_STORED = RULES.define(
    "codestream.bits-stored",
    Severity.WARNING,
    "The samples of a frame have another number of bits than BitsStored says.",
    "PS3.5 A.4",
    why="Encoders often write the allocated bits. Readers that scale values by the precision of "
    "the codestream show another brightness than those that go by BitsStored.",
    fix="Compress with the precision that BitsStored says.",
)
SIGN = RULES.define(
    "codestream.sign",
    Severity.ERROR,
    "The samples of a frame are signed and PixelRepresentation says they are not, or vice versa.",
    "PS3.5 8.2.4",
    why="Readers disagree on which values are negative, so that they show different images and "
    "measure different densities.",
    fix="Set PixelRepresentation to 1 for signed samples and to 0 for others.",
    refusal="Readers show and measure other densities.",
)
SEGMENTS = RULES.define(
    "codestream.segments",
    Severity.ERROR,
    "An RLE frame has another number of segments than the pixels have bytes.",
    "PS3.5 G.2",
    why="Each byte of each sample has a segment of its own; decoders refuse the frame or mix bytes "
    "up.",
    fix=_COMPRESS_AGAIN,
    refusal="Decoders refuse the frame or mix up the bytes of its pixels.",
)
LENGTH = RULES.define(
    "codestream.length",
    Severity.ERROR,
    "An uncompressed frame in a fragment has another length than its pixels.",
    "PS3.5 A.4",
    why="Pixels are missing, or belong to nothing.",
    fix="Write each frame whole into one fragment.",
    refusal="A part of the frame is lost, or belongs to nothing.",
)
COLOUR = RULES.define(
    "codestream.colour",
    Severity.WARNING,
    "PhotometricInterpretation and the codestream disagree on how colours are transformed.",
    "PS3.5 8.2",
    why="Some readers go by the data set and some by the codestream: the colours differ.",
    fix="Set PhotometricInterpretation to what the codestream holds, as a rule YBR_FULL_422 for "
    "JPEG, YBR_RCT or YBR_ICT for JPEG 2000.",
)
WRAPPED = RULES.define(
    "codestream.wrapped",
    Severity.WARNING,
    "The codestream is in a file format of its own.",
    "PS3.5 A.4.4",
    why="The JP2 header may contradict the data set, and decoders of bare codestreams fail at it.",
    fix="Keep the codestream alone (the content of the box jp2c).",
)
END_MISSING = RULES.define(
    "codestream.end-missing",
    Severity.WARNING,
    "The marker that ends the codestream is missing.",
    "PS3.5 A.4",
    why="All tile-parts are there, but strict decoders take the frame for truncated.",
    fix="Append the bytes FF D9.",
)
TRAILING = RULES.define(
    "codestream.trailing",
    Severity.WARNING,
    "Something other than padding follows the end of the codestream in its frame.",
    "PS3.5 A.4",
    why="No reader shows those bytes; they may hide what should not leave the hospital.",
    fix="Cut the frame off behind its end marker and pad it to an even length.",
)
CAPABILITIES = RULES.define(
    "codestream.capabilities",
    Severity.WARNING,
    "The capabilities and the coding style of the codestream disagree on high throughput.",
    "PS3.5 A.4.11",
    why="Some decoders go by the one marker and some by the other: one of them fails.",
    fix="Compress the original pixels again with software that writes both markers, CAP and COD.",
)
THUMBNAIL = RULES.define(
    "codestream.thumbnail",
    Severity.WARNING,
    "The codestream is not made for small images first, as the transfer syntax promises.",
    "PS3.5 10.18",
    why="Readers that fetch a small image first find no lengths of tile-parts, or only large "
    "images.",
    fix="Compress with the marker TLM, and with decompositions down to 64 rows or columns.",
)
PROFILE = RULES.define(
    "codestream.profile",
    Severity.WARNING,
    "A video has a profile or a level that the transfer syntax does not allow.",
    "PS3.5 8.2.7",
    why="Receivers accept a transfer syntax because they can decode it, often in hardware; this "
    "video may stay black.",
    fix="Set the transfer syntax UID of the profile and level, or encode the video again.",
    found_by="engine.pixels.video",
)
SAMPLING = RULES.define(
    "codestream.sampling",
    Severity.WARNING,
    "PhotometricInterpretation does not fit how the video samples its colours.",
    "PS3.5 8.2.7",
    why="Software that decompresses the video takes the number of samples from the data set and "
    "mixes the colours up.",
    fix="Set PhotometricInterpretation to what the video holds, as a rule YBR_PARTIAL_420.",
    found_by="engine.pixels.video",
)
RATE = RULES.define(
    "codestream.rate",
    Severity.WARNING,
    "The video has another rate of frames than the data set says.",
    "PS3.5 8.2.7",
    why="It is shown too fast or too slowly, and what is measured in time comes out wrong.",
    fix="Set FrameTime, CineRate and RecommendedDisplayFrameRate to the rate of the video.",
    found_by="engine.pixels.video",
)
FRAME_COUNT = RULES.define(
    "codestream.frame-count",
    Severity.WARNING,
    "The video has another number of frames than NumberOfFrames says.",
    "PS3.5 8.2.7",
    why="Frames at the end are not shown, or a viewer waits for frames that do not come.",
    fix="Set NumberOfFrames to the number of frames in the video.",
    found_by="engine.pixels.video",
)
