"""Rules of decoding, for profiles that have frames decoded (PS3.5 8)."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.pixels.samples")

FAILED = RULES.define(
    "decoding.failed",
    Severity.ERROR,
    "A frame cannot be decoded although its header is valid.",
    "PS3.5 8.2",
    why="Its compressed data is damaged; the image cannot be seen, or only in part.",
    fix="Transfer the image again from where it can be seen.",
    refusal="No reader makes an image of the frame.",
)
SHAPE = RULES.define(
    "decoding.shape",
    Severity.ERROR,
    "A decoded frame has another number of samples than the data set says.",
    "PS3.5 8.2",
    why="Lines are missing, or the image is torn.",
    fix="Compress the original pixels again; see that Rows, Columns and SamplesPerPixel are "
    "theirs.",
    refusal="Readers show a torn image, or none.",
)
VALUE_RANGE = RULES.define(
    "decoding.value-range",
    Severity.WARNING,
    "Pixels have values that do not fit into BitsStored.",
    "PS3.5 8.1.1",
    why="Readers that mask the bits above show noise where others show the values; an overlay or a "
    "mark of the device may be hidden there.",
    fix="Raise BitsStored and HighBit if the values are real, else clear the bits above.",
)
UNAVAILABLE = RULES.define(
    "decoding.unavailable",
    Severity.INFO,
    "No decoder is installed for these frames, so that they were not decoded.",
    "PS3.5 8.2",
    why="Damage behind the headers of the frames is not found.",
    fix="Install what the finding names, or examine without decoding.",
    violation=False,
)
