"""Rules of the content of structured reports (PS3.3 C.17.3, C.18; PS3.16)."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.content.check")

_GRAPHICS, _RELATIONSHIPS, _TEMPLATES = (
    f"engine.content.{name}" for name in ("graphics", "relationships", "templates")
)
_DRAW_AGAIN = "Write the coordinates as the graphic type defines them, or another graphic type."

ROOT = RULES.define(
    "sr.root",
    Severity.WARNING,
    "The root of the content is no container.",
    "PS3.3 C.17.3",
    why="The whole report is the content of its root: readers show nothing of it.",
    fix="Make the root a CONTAINER with the title of the document as its concept name.",
)
SINGLE = RULES.define(
    "sr.single-item",
    Severity.WARNING,
    "A sequence of a content item has several items where only one is allowed.",
    "PS3.3 C.17.3.2",
    why="Readers show the first one, and the other values are not seen.",
    fix="Write a content item for each value.",
)
NOTHING_SELECTED = RULES.define(
    "sr.nothing-selected",
    Severity.WARNING,
    "The key object selection selects nothing.",
    "PS3.16 TID 2010",
    why="It exists to say which instances matter; viewers show an empty list.",
    fix="Add an IMAGE, WAVEFORM or COMPOSITE item for each instance.",
)
RELATIONSHIP = RULES.define(
    "sr.relationship",
    Severity.WARNING,
    "A content item has a child that it must not have by that relationship.",
    "PS3.3 A.35",
    why="Readers of this SOP class look for children by relationship and kind, and leave the "
    "others out.",
    fix="Use a relationship that the SOP class allows between the two, or another SOP class.",
    found_by=_RELATIONSHIPS,
)
REFERENCE_DANGLING = RULES.define(
    "sr.reference-dangling",
    Severity.WARNING,
    "A content item refers to another one that is not there.",
    "PS3.3 C.17.3.2.5",
    why="What a finding was inferred from is lost; strict readers refuse the report.",
    fix="Write the path to the item: 1 for the root, and the number of each child on the way.",
    found_by=_RELATIONSHIPS,
)
REFERENCE_LOOP = RULES.define(
    "sr.reference-loop",
    Severity.WARNING,
    "A content item refers to one that it is itself below.",
    "PS3.3 C.17.3.2.5",
    why="Software that follows the references does not come to an end.",
    fix="Refer to an item that is not above this one.",
    found_by=_RELATIONSHIPS,
)
GRAPHIC_POINTS = RULES.define(
    "sr.graphic-points",
    Severity.WARNING,
    "A graphic has another number of points than its type has.",
    "PS3.3 C.18.6.1.2",
    why="It cannot be drawn: the region that was measured is unknown.",
    fix=_DRAW_AGAIN,
    found_by=_GRAPHICS,
)
GRAPHIC_OPEN = RULES.define(
    "sr.graphic-open",
    Severity.WARNING,
    "A polygon does not end where it begins.",
    "PS3.3 C.18.9.1.2",
    why="Some readers close it and some draw a line, so that areas differ.",
    fix="Repeat the first point at the end, or make it a POLYLINE.",
    found_by=_GRAPHICS,
)
GRAPHIC_PLANE = RULES.define(
    "sr.graphic-plane",
    Severity.WARNING,
    "The points of a polygon or an ellipse are not in a plane.",
    "PS3.3 C.18.9.1.2",
    why="It has no area that could be computed, and no slice that it belongs to.",
    fix=_DRAW_AGAIN,
    found_by=_GRAPHICS,
)
GRAPHIC_AXES = RULES.define(
    "sr.graphic-axes",
    Severity.WARNING,
    "The points of an ellipse or an ellipsoid are not the ends of its axes.",
    "PS3.3 C.18.6.1.2",
    why="Each reader draws another figure from them.",
    fix="Write both ends of the major axis, then both ends of each minor axis.",
    found_by=_GRAPHICS,
)
GRAPHIC_OUTSIDE = RULES.define(
    "sr.graphic-outside",
    Severity.WARNING,
    "A graphic has points outside of the image.",
    "PS3.3 C.18.6.1.1",
    why="Columns and rows are counted from 0; what is below cannot be shown.",
    fix="Count from the top left corner of the image, which is 0, 0.",
    found_by=_GRAPHICS,
)
TEMPORAL = RULES.define(
    "sr.temporal",
    Severity.WARNING,
    "A range of time has another number of moments than its type has, or several kinds of them.",
    "PS3.3 C.18.7",
    why="The part of the recording that was measured is unknown.",
    fix="Write one kind of moments: one for a POINT, two for a SEGMENT, pairs for a MULTISEGMENT.",
    found_by=_GRAPHICS,
)
TEMPLATE_UNKNOWN = RULES.define(
    "sr.template-unknown",
    Severity.WARNING,
    "The template that a content item names is none of the standard's.",
    "PS3.3 C.18.8.1.2",
    why="Software that picks its reader by the template finds none.",
    fix="Write the number alone, such as 1500, or name the mapping resource that defines it.",
    found_by=_TEMPLATES,
)
ROOT_TEMPLATE = RULES.define(
    "sr.root-template",
    Severity.WARNING,
    "The report has another root template than its SOP class requires.",
    "PS3.3 A.35",
    why="Readers of this SOP class expect the items of that template and find others.",
    fix="Use the SOP class that fits the template, or build the content of the required template.",
    found_by=_TEMPLATES,
)
TEMPLATE_TITLE = RULES.define(
    "sr.template-title",
    Severity.WARNING,
    "The title of the document is not that of its template.",
    "PS3.16 A",
    why="Software that looks for such reports by their title does not find this one.",
    fix="Set the concept name of the root to what the template says.",
    found_by=_TEMPLATES,
)
TEMPLATE_ROW = RULES.define(
    "sr.template-row",
    Severity.WARNING,
    "A content item is missing that the template of the report requires.",
    "PS3.16 A",
    why="Software that reads such reports, as a registry of doses does, leaves the report out.",
    fix="Add the item, or do not state the template.",
    found_by=_TEMPLATES,
)
