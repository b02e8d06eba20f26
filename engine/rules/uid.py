"""Rules of unique identifiers (PS3.5 9)."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import (
    FRAME_OF_REFERENCE_UID,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
)
from engine.violation import Violation

RULES = RuleSet(__name__, found_by="engine.values.uids")

MALFORMED = RULES.define(
    "uid.malformed",
    Severity.ERROR,
    "A UID that identifies the instance is malformed.",
    "PS3.5 9.1",
    why="Archives file by it: they refuse the instance, or later fail to find it again.",
    fix="Write one UID of digits and dots, at most 64 characters, no component empty; a new one if "
    "the old can't be restored, and everywhere that refers to it.",
    refusal="Databases cut it off or refuse it, so that the instance is not found again.",
)
LEADING_ZERO = RULES.define(
    "uid.leading-zero",
    Severity.WARNING,
    "A component of a UID that identifies the instance has a leading zero.",
    "PS3.5 9.1",
    why="Most archives take it as it is; one that compares numbers takes it for another UID.",
    fix="Write the component without the zero, everywhere that refers to it.",
)
MALFORMED_ELSEWHERE = RULES.define(
    "uid.malformed-elsewhere",
    Severity.WARNING,
    "A UID is malformed.",
    "PS3.5 9.1",
    why="The reference leads nowhere, and strict readers refuse the file.",
    fix="Write digits and dots, at most 64 characters, no component empty or with a leading zero.",
)
PADDING = RULES.define(
    "uid.padding",
    Severity.WARNING,
    "A UID is not padded with a single null byte.",
    "PS3.5 9.1",
    why="Programs that compare the bytes find no match with the same UID padded properly.",
    fix="Pad a UID of odd length with one null byte, others not at all.",
)
ROOT = RULES.define(
    "uid.root-invalid",
    Severity.WARNING,
    "A UID starts with a root that cannot have been registered.",
    "PS3.5 9.1",
    why="It was made up: another program can make up the same one for something else.",
    fix="Use a registered root, or 2.25 and a UUID as a decimal number.",
)

_STANDARD_ROOT = "1.2.840.10008."
_OWN = (SOP_INSTANCE_UID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID)


@RULES.check(
    "uid.root-reserved",
    Severity.WARNING,
    "The UID of an instance, series or study has the root that is the standard's own.",
    "PS3.5 9",
    why="Below 1.2.840.10008 only the standard defines UIDs; a program that uses one of them as "
    "its own gives the same one to everything.",
    fix="Make UIDs below a root of your own, or 2.25 and a UUID as a decimal number.",
)
def own_uids_have_another_root_than_the_standard(instance: Instance) -> Iterator[Violation]:
    """Seen where a SOP class was copied into the wrong element."""
    for tag in _OWN:
        element = instance.dataset.get(tag)
        if element is not None and element.text().startswith(_STANDARD_ROOT):
            yield Violation(element, expected="another root", found=_STANDARD_ROOT)


@RULES.check(
    "uid.reused",
    Severity.WARNING,
    "Two different things have the same UID.",
    "PS3.5 9",
    why="A UID names one thing in the world; software that looks one up finds the other.",
    fix="Give the study, the series, the instance and the frame of reference a UID each.",
)
def uids_are_used_once(instance: Instance) -> Iterator[Violation]:
    """The study, the series, the instance, its class and the frame of reference."""
    dataset, seen = instance.dataset, set[str]()
    for tag in (SOP_CLASS_UID, *_OWN, FRAME_OF_REFERENCE_UID):
        element = dataset.get(tag)
        uid = element.text() if element else ""
        if element and uid and uid in seen:
            yield Violation(element, "a UID of its own", value=element.value(128))
        seen.add(uid)
