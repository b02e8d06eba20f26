"""The rules that findings of a site's own rules refer to; see docs/site-profiles.md."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.site_rules")

_SECTION = "the site's profile"
_WHY = "What the profile is for, a trial's analysis perhaps, can't be done with the file."
_FIX = "`expected` starts with the id of the site's rule, whose author knows what it is for; "

MISSING = RULES.define(
    "site.element-missing",
    Severity.ERROR,
    "An element that the site requires is missing.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "have the sender fill the element in, or limit the rule to other instances.",
    refusal="The site has said so.",
    violation=False,
)
EMPTY = RULES.define(
    "site.element-empty",
    Severity.ERROR,
    "An element that the site requires has no value.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "have the sender fill the element in, or limit the rule to other instances.",
    refusal="The site has said so.",
    violation=False,
)
PRESENT = RULES.define(
    "site.element-present",
    Severity.ERROR,
    "An element is present that the site does not allow.",
    _SECTION,
    why="Most often it identifies the patient, and the files were supposed not to.",
    fix=_FIX + "remove the element where the files are de-identified.",
    refusal="The site has said so.",
    violation=False,
)
VALUE_PRESENT = RULES.define(
    "site.value-present",
    Severity.ERROR,
    "An element has a value, which the site does not allow.",
    _SECTION,
    why="Most often it identifies the patient, and the files were supposed not to.",
    fix=_FIX + "empty the element where the files are de-identified.",
    refusal="The site has said so.",
    violation=False,
)
NOT_ALLOWED = RULES.define(
    "site.value-not-allowed",
    Severity.ERROR,
    "The value is not one of those that the site allows.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "correct the value, acquire again, or add it to the rule's list.",
    refusal="The site has said so.",
    violation=False,
)
OUT_OF_RANGE = RULES.define(
    "site.value-out-of-range",
    Severity.ERROR,
    "The number is not within the bounds that the site sets.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "acquire again with other settings, or correct the value or the bounds.",
    refusal="The site has said so.",
    violation=False,
)
FORMULA = RULES.define(
    "site.relation",
    Severity.ERROR,
    "The element does not agree with others as the site requires.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "correct the elements that the rule's formula names, or the formula.",
    refusal="The site has said so.",
    violation=False,
)
FORMAT = RULES.define(
    "site.value-format",
    Severity.ERROR,
    "The value does not have the form that the site requires.",
    _SECTION,
    why="Subjects, visits and the like are found by such values; others get lost.",
    fix=_FIX + "correct the value, or the pattern.",
    refusal="The site has said so.",
    violation=False,
)
