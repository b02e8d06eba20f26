"""Rules of the elements without which an instance is not filed; the profile lists them."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import PATIENT_ID, PATIENT_IDENTITY_REMOVED
from engine.violation import Violation

RULES = RuleSet(__name__)


@RULES.check(
    "element.missing",
    Severity.ERROR,
    "A required element is missing.",
    "PS3.5 7.4",
    why="Archives file by study, series and instance; without one of these an instance "
    "cannot be filed, or is filed where it cannot be found.",
    fix="Have the sender write the element; for one that your archive does without, change "
    "`required_elements` of the profile.",
    refusal="It can't be distinguished from other instances, or is in no study or series.",
)
def required_elements_are_present(instance: Instance) -> Iterator[Violation]:
    """Behind the place where a file breaks off, nothing is known to be missing."""
    if instance.is_media_directory:
        return
    for tag in instance.profile.required_tags:
        if instance.dataset.get(tag) is None and not instance.dataset.may_have(tag):
            yield Violation(tag)


@RULES.check(
    "element.empty",
    Severity.ERROR,
    "A required element has no value.",
    "PS3.5 7.4.1",
    why="An empty identifier identifies nothing: instances of different studies or series that "
    "have it empty fall together.",
    fix="Have the sender fill the element in; if it may be empty in your archive, add it to "
    "`may_be_empty` of the profile.",
    refusal="It can't be distinguished from other instances, or is in no study or series.",
)
def required_elements_have_values(instance: Instance) -> Iterator[Violation]:
    """Spaces and null bytes are padding, not a value."""
    for tag, may_be_empty in instance.profile.required_tags.items():
        element = instance.dataset.get(tag)
        if element is not None and not may_be_empty and element.is_empty:
            yield Violation(element, expected="a value")


@RULES.check(
    "element.patient-id-empty",
    Severity.WARNING,
    "The Patient ID is empty.",
    "PS3.3 C.7.1.1",
    why="The standard allows that where the ID is not known; but archives put all such studies "
    "under one patient.",
    fix="Have the sender fill PatientID in, with a pseudonym if the patient must not be known.",
    violation=False,
)
def patient_id_has_a_value(instance: Instance) -> Iterator[Violation]:
    """A profile that requires the element says itself whether it may be empty.

    De-identification may empty it (PS3.15 E.1, action Z).
    """
    element = instance.dataset.get(PATIENT_ID)
    is_removed = instance.dataset.text(PATIENT_IDENTITY_REMOVED) == "YES"
    if PATIENT_ID in instance.profile.required_tags or is_removed:
        return
    if element and element.is_empty:
        yield Violation(element, expected="a value")
