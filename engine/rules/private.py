"""Rules of private elements (PS3.5 7.8)."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.values.private")

CREATOR_MISSING = RULES.define(
    "private.creator-missing",
    Severity.WARNING,
    "The private element has no private creator in its data set or item.",
    "PS3.5 7.8.1",
    why="The owner of the element is unknown: it is unreadable, and de-identification that keeps "
    "known private elements has to drop it or lets it through unseen.",
    fix="Write the creator into (gggg,00bb) of the same data set or item, where bb is the first "
    "half of the element number.",
)
CREATOR_INVALID = RULES.define(
    "private.creator-invalid",
    Severity.WARNING,
    "The private creator is not one value of VR LO.",
    "PS3.5 7.8.1",
    why="The elements of its block can't be attributed to a manufacturer.",
    fix="Write the creator's identification as a single LO value.",
)
CREATOR_DUPLICATE = RULES.define(
    "private.creator-duplicate",
    Severity.INFO,
    "The same creator reserves more than one block of the group.",
    "PS3.5 7.8.1",
    why="Many readers look a private element up in the first block of its creator only.",
    fix="Use one block as long as its 256 elements suffice.",
    violation=False,
)
GROUP_FORBIDDEN = RULES.define(
    "private.group-forbidden",
    Severity.WARNING,
    "The element is in one of the odd groups that may not be used.",
    "PS3.5 7.8",
    why="Groups 0001, 0003, 0005, 0007 and FFFF are kept free, because readers may take their "
    "elements for parts of messages or delimiters; it may also be a damaged tag.",
    fix="Move the element to an odd group from 0009 on.",
)
NUMBER_FORBIDDEN = RULES.define(
    "private.number-forbidden",
    Severity.WARNING,
    "The private element has a number that belongs to no block.",
    "PS3.5 7.8.1",
    why="Only (gggg,0010) to (gggg,00FF) name creators and only (gggg,1000) to (gggg,FFFF) are in "
    "their blocks; the numbers between them have no owner.",
    fix="Move the element into the block of a private creator.",
)
