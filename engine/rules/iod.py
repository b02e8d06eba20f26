"""Rules of information objects (PS3.3): what a SOP class requires of a data set and its items."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.iod.level")

TYPE_1_MISSING = RULES.define(
    "iod.type-1-missing",
    Severity.WARNING,
    "An attribute that must be there with a value is missing.",
    "PS3.5 7.4.1",
    why="Software for this kind of object takes it for granted: it fails, guesses, or shows the "
    "object without what the value says.",
    fix="Add the attribute with its value; if it is unknown, the object can't be of this SOP "
    "class.",
)
TYPE_1_EMPTY = RULES.define(
    "iod.type-1-empty",
    Severity.WARNING,
    "An attribute that must have a value has none.",
    "PS3.5 7.4.1",
    why="Readers that check for the attribute alone go on to read a value that isn't there.",
    fix="Give it its value; of a sequence, at least one item.",
)
TYPE_1C_MISSING = RULES.define(
    "iod.type-1c-missing",
    Severity.WARNING,
    "An attribute that must be there in these circumstances, with a value, is missing.",
    "PS3.5 7.4.2",
    why="Other attributes of this object announce it, so that readers look for it and fail or "
    "guess.",
    fix="Add the attribute with its value, or correct the attributes that make it necessary.",
)
TYPE_1C_EMPTY = RULES.define(
    "iod.type-1c-empty",
    Severity.WARNING,
    "An attribute has no value: it must have one, or not be there.",
    "PS3.5 7.4.2",
    why="An attribute of this type is never sent empty; readers take its presence for a value.",
    fix="Give it its value, or take the attribute out if its circumstances do not hold.",
)
TYPE_2_MISSING = RULES.define(
    "iod.type-2-missing",
    Severity.WARNING,
    "An attribute that must be there, if only without a value, is missing.",
    "PS3.5 7.4.3",
    why="Without it a value that is unknown looks the same as one that was lost, and some "
    "archives refuse the object.",
    fix="Add the attribute; leave it empty where the value is not known.",
)
TYPE_2C_MISSING = RULES.define(
    "iod.type-2c-missing",
    Severity.WARNING,
    "An attribute that must be there in these circumstances, if only without a value, is missing.",
    "PS3.5 7.4.4",
    why="Without it a value that is unknown looks the same as one that was lost.",
    fix="Add the attribute; leave it empty where the value is not known.",
)
NOT_ALLOWED = RULES.define(
    "iod.not-allowed",
    Severity.WARNING,
    "An attribute is there that must not be in these circumstances.",
    "PS3.5 7.4.2",
    why="It contradicts other attributes of the object; which of them readers believe differs.",
    fix="Take the attribute out, or correct the attributes that rule it out.",
)
VALUE_NOT_ALLOWED = RULES.define(
    "iod.value-not-allowed",
    Severity.WARNING,
    "The value is none of those that the standard enumerates for the attribute.",
    "PS3.5 6.3",
    why="Readers decide by this value what to do; for any other they have no branch.",
    fix="Write one of the values, as the standard spells it.",
)
VALUE_UNEXPECTED = RULES.define(
    "iod.value-unexpected",
    Severity.INFO,
    "The value is none of the terms that the standard defines for the attribute.",
    "PS3.5 6.3",
    why="The standard allows other terms, with a meaning of their own that other software may not "
    "know; often it is a misspelt term.",
    fix="Use a defined term if one says what is meant.",
    violation=False,
)
SINGLE_ITEM = RULES.define(
    "iod.single-item",
    Severity.WARNING,
    "A sequence has several items where the standard allows one.",
    "PS3.5 7.5",
    why="Readers take the first item and leave out the others, or take the last.",
    fix="Keep the item that is meant; look in the section for where several may be.",
    found_by="engine.iod.level",
)
GROUP_MISSING = RULES.define(
    "iod.group-missing",
    Severity.WARNING,
    "A functional group is neither in the shared ones nor in those of the frame.",
    "PS3.3 C.7.6.16",
    why="The position, spacing or the like of the frame is unknown: it can't be placed "
    "or measured.",
    fix="Add the group to each frame's item, or to the shared ones if it is the same for all.",
    found_by="engine.iod.functional_groups",
)
GROUP_TWICE = RULES.define(
    "iod.group-twice",
    Severity.WARNING,
    "A functional group is in the shared ones and in those of a frame.",
    "PS3.3 C.7.6.16",
    why="Where the two differ, some readers use the one and some the other.",
    fix="Keep it in one place: with each frame if it differs between frames, else shared.",
    found_by="engine.iod.functional_groups",
)
GROUP_NOT_SHARED = RULES.define(
    "iod.group-not-shared",
    Severity.WARNING,
    "A functional group that has to be shared is in those of a frame.",
    "PS3.3 C.7.6.16.2",
    why="Readers look for it in one place only.",
    fix="Move it to the shared functional groups.",
    found_by="engine.iod.functional_groups",
)
GROUP_NOT_PER_FRAME = RULES.define(
    "iod.group-not-per-frame",
    Severity.WARNING,
    "A functional group that has to be with each frame is in the shared ones.",
    "PS3.3 C.7.6.16.2",
    why="What it says differs between frames, so that it is wrong for all but one.",
    fix="Move it into the item of each frame, with that frame's values.",
    found_by="engine.iod.functional_groups",
)
FRAME_COUNT = RULES.define(
    "iod.frame-count",
    Severity.WARNING,
    "There are not as many items of functional groups as frames.",
    "PS3.3 C.7.6.16",
    why="Items and frames belong together by their order: with one missing, positions and times "
    "are those of other frames.",
    fix="Write one item for each frame, in the order of the frames.",
    found_by="engine.iod.functional_groups",
)
SOP_CLASS_RETIRED = RULES.define(
    "iod.sop-class-retired",
    Severity.INFO,
    "The SOP class is retired.",
    "PS3.4 B.5",
    why="New software need not know it; its attributes are not checked against today's standard.",
    fix="Convert the object to the SOP class that took its place, if the software can.",
    violation=False,
    found_by="engine.iod.sop_class",
)
SOP_CLASS_UNKNOWN = RULES.define(
    "iod.sop-class-unknown",
    Severity.WARNING,
    "The SOP class is none of the standard's storage SOP classes, though its UID says so.",
    "PS3.4 B.5",
    why="Only DICOM hands out such UIDs: it is misspelt, of a newer edition, or names "
    "something that isn't stored. Archives refuse what they can't name.",
    fix="Write the UID of the SOP class that the object is of.",
    found_by="engine.iod.sop_class",
)
SOP_CLASS_PRIVATE = RULES.define(
    "iod.sop-class-private",
    Severity.INFO,
    "The SOP class is private.",
    "PS3.2 7.3",
    why="Only software of its maker knows what is in it; its attributes are not checked.",
    fix="Nothing, if sender and receiver agree; else export it as a standard SOP class.",
    violation=False,
    found_by="engine.iod.sop_class",
)
ATTRIBUTE_UNEXPECTED = RULES.define(
    "iod.attribute-unexpected",
    Severity.INFO,
    "An attribute of the standard is there that is in no module of this SOP class.",
    "PS3.2 7.3",
    why="The standard allows it (a standard extended SOP class), but few readers look for it here; "
    "often it was left over when an object was converted.",
    fix="Take it out if it says nothing about this object.",
    violation=False,
    found_by="engine.iod.traversal",
)
