"""The rules that stand for those of a site, see docs/site-profiles.md."""

from contracts.report import Severity
from engine.rule import define

_SECTION = "the site's profile"
_WHY = "What the profile is for, a trial's analysis perhaps, can't be done with the file."
_FIX = "`expected` starts with the id of the site's rule, whose author knows what it is for; "

MISSING = define(
    "site.element-missing",
    Severity.ERROR,
    "An element that the site requires is missing.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "have the sender fill the element in, or limit the rule to other instances.",
    violation=False,
)
EMPTY = define(
    "site.element-empty",
    Severity.ERROR,
    "An element that the site requires has no value.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "have the sender fill the element in, or limit the rule to other instances.",
    violation=False,
)
PRESENT = define(
    "site.element-present",
    Severity.ERROR,
    "An element is present that the site does not allow.",
    _SECTION,
    why="Most often it tells who the patient is, and the files were to be without that.",
    fix=_FIX + "remove the element where the files are de-identified.",
    violation=False,
)
VALUE_PRESENT = define(
    "site.value-present",
    Severity.ERROR,
    "An element has a value, which the site does not allow.",
    _SECTION,
    why="Most often it tells who the patient is, and the files were to be without that.",
    fix=_FIX + "empty the element where the files are de-identified.",
    violation=False,
)
NOT_ALLOWED = define(
    "site.value-not-allowed",
    Severity.ERROR,
    "The value is not one of those that the site allows.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "correct the value, acquire again, or add it to the rule's list.",
    violation=False,
)
OUT_OF_RANGE = define(
    "site.value-out-of-range",
    Severity.ERROR,
    "The number is not within the bounds that the site sets.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "acquire again with other settings, or correct the value or the bounds.",
    violation=False,
)
FORMAT = define(
    "site.value-format",
    Severity.ERROR,
    "The value does not have the form that the site asks for.",
    _SECTION,
    why="Subjects, visits and the like are found by such values; others get lost.",
    fix=_FIX + "correct the value, or the pattern.",
    violation=False,
)
