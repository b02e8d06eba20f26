"""Rules of a series (PS3.3 C.7.3.1): what its instances share, and the geometry of its slices."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.comparison.compare")

IN_SEVERAL_STUDIES = RULES.define(
    "series.in-several-studies",
    Severity.ERROR,
    "Instances of one series belong to different studies.",
    "PS3.3 A.1.2.3",
    why="A series is part of one study; filed as it is, it falls apart.",
    fix="Correct the Study Instance UID, or give the series of the other study a UID of its own.",
    refusal="Filed as it is, one of the studies loses its part of the series.",
)
MODALITY_DIFFERS = RULES.define(
    "series.modality-differs",
    Severity.WARNING,
    "The instances of the series have different modalities.",
    "PS3.3 C.7.3.1",
    why="Viewers and work lists treat a series by one modality.",
    fix="Put instances of different modalities into different series.",
)
FRAME_OF_REFERENCE_DIFFERS = RULES.define(
    "series.frame-of-reference-differs",
    Severity.WARNING,
    "The instances of the series have different frames of reference.",
    "PS3.3 C.7.4.1",
    why="Their positions cannot be compared: no volume can be made of them.",
    fix="Use one Frame of Reference UID in a series, or several series.",
)
ATTRIBUTE_DIFFERS = RULES.define(
    "series.attribute-differs",
    Severity.WARNING,
    "An attribute of the series differs between its instances.",
    "PS3.3 C.7.3.1",
    why="Queries show one value for the series, that of whichever file came first.",
    fix="Use the same value in all instances, or several series.",
)
SIZE_MIXED = RULES.define(
    "series.size-mixed",
    Severity.WARNING,
    "The slices of the series differ in rows, columns or pixel spacing.",
    "PS3.3 C.7.6.3",
    why="No volume can be made of them; reading them as one fails or distorts.",
    fix="Put slices of different size into different series.",
    violation=False,
)
ORIENTATION_MIXED = RULES.define(
    "series.orientation-mixed",
    Severity.WARNING,
    "The images of the series are not parallel.",
    "PS3.3 C.7.6.2.1.1",
    why="Software that sorts slices along one axis puts them into a wrong order.",
    fix="Put each orientation into a series of its own; mark overviews as LOCALIZER.",
    violation=False,
)
SLICE_MISSING = RULES.define(
    "series.slice-missing",
    Severity.WARNING,
    "There are gaps between the slices of the series.",
    "PS3.3 C.7.6.2.1.1",
    why="Slices were lost on the way; volumes and measurements made of the rest are wrong.",
    fix="Compare the number of slices with that at the source and send what is missing.",
    violation=False,
)
SPACING_UNEVEN = RULES.define(
    "series.spacing-uneven",
    Severity.WARNING,
    "The slices of the series are not evenly spaced.",
    "PS3.3 C.7.6.2.1.1",
    why="Software that takes one spacing for all distorts the volume.",
    fix="Check whether slices are missing or were reconstructed twice; else resample them.",
    violation=False,
)
NUMBER_REPEATED = RULES.define(
    "series.instance-number-repeated",
    Severity.INFO,
    "Several instances of the series have the same instance number.",
    "PS3.3 C.7.6.1",
    why="Sorted by number, as many viewers do, their order is chance.",
    fix="Number the instances of a series one by one.",
    violation=False,
)
NUMBER_GAP = RULES.define(
    "series.instance-number-gap",
    Severity.INFO,
    "The instance numbers of the series have gaps.",
    "PS3.3 C.7.6.1",
    why="Instances may have been lost; or only a part was sent on purpose.",
    fix="Compare the number of instances with that at the source.",
    violation=False,
)
