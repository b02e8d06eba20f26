"""Rules of the file meta information (PS3.10 7.1)."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.disclosure import shown_identifier
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.standard.facts import is_retired_uid
from engine.tags import (
    FILE_META_INFORMATION_GROUP_LENGTH,
    FILE_META_INFORMATION_VERSION,
    IMPLEMENTATION_CLASS_UID,
    MEDIA_STORAGE_SOP_CLASS_UID,
    MEDIA_STORAGE_SOP_INSTANCE_UID,
    PRIVATE_INFORMATION,
    PRIVATE_INFORMATION_CREATOR_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    TRANSFER_SYNTAX_UID,
)
from engine.violation import Violation

RULES = RuleSet(__name__, found_by="engine.encoding.reading")


ENCODING = RULES.define(
    "meta.encoding",
    Severity.ERROR,
    "The file meta information is not in explicit VR little endian.",
    "PS3.10 7.1",
    why="Readers know no other encoding for it, so they never learn the transfer syntax.",
    fix="Write group 0002 in explicit VR little endian, whatever the data set is written in.",
    refusal="Most readers do not learn how the data set is written, and open nothing.",
)
TRANSFER_SYNTAX_UNKNOWN = RULES.define(
    "meta.transfer-syntax-unknown",
    Severity.ERROR,
    "The transfer syntax has a UID of the standard's root that the standard does not define.",
    "PS3.6 A",
    why="The file does not say how the data set and its pixels are written.",
    fix="Declare the transfer syntax that the file is really written in; a UID of another kind "
    "may have got there.",
    refusal="Nothing says how to read the data set or decode the pixels.",
)
TRANSFER_SYNTAX_PRIVATE = RULES.define(
    "meta.transfer-syntax-private",
    Severity.WARNING,
    "The transfer syntax is a private one.",
    "PS3.5 10.1",
    why="Only its manufacturer's software reads the pixels; nothing in them can be examined.",
    fix="Convert the file to a transfer syntax of the standard where it was made.",
    violation=False,
)
TRANSFER_SYNTAX_MISMATCH = RULES.define(
    "meta.transfer-syntax-mismatch",
    Severity.ERROR,
    "The data set is not written in the transfer syntax that the file declares.",
    "PS3.10 7.1",
    why="Readers that believe the declaration read nonsense or fail at the first element.",
    fix="Declare the transfer syntax that the data set is written in, or write it again.",
    refusal="Readers that believe the file meta information read other elements than are there.",
)


@RULES.check(
    "meta.group-length-missing",
    Severity.WARNING,
    "The file meta information does not start with its length.",
    "PS3.10 7.1",
    why="Readers that rely on it can't find the data set.",
    fix="Write (0002,0000) first, with the number of bytes up to the data set.",
)
def group_length_is_present(instance: Instance) -> Iterator[Violation]:
    """Readers do without: the group of the elements says as well where it ends."""
    if instance.meta and instance.meta.get(FILE_META_INFORMATION_GROUP_LENGTH) is None:
        yield Violation(FILE_META_INFORMATION_GROUP_LENGTH)


@RULES.check(
    "meta.group-length-wrong",
    Severity.WARNING,
    "The file meta information has another length than it says.",
    "PS3.10 7.1",
    why="Readers that rely on it start the data set at the wrong place.",
    fix="Write into (0002,0000) the number of bytes from its end up to the data set.",
)
def group_length_is_right(instance: Instance) -> Iterator[Violation]:
    """It counts from the end of its own value to the first element of another group."""
    meta = instance.meta
    if meta and meta.complete and (group_length := meta.get(FILE_META_INFORMATION_GROUP_LENGTH)):
        declared = group_length.integer()
        actual = meta.end - group_length.offset - group_length.length
        if declared != actual:
            yield Violation(group_length, f"{actual}", f"{declared}")


@RULES.check(
    "meta.transfer-syntax-missing",
    Severity.ERROR,
    "The file does not say in which transfer syntax it is written.",
    "PS3.10 7.1",
    why="Readers have to guess; compressed pixels can't be decoded.",
    fix="Write the transfer syntax into (0002,0010).",
    refusal="How to read the data set is a guess; compressed pixels can't even be guessed.",
)
def transfer_syntax_is_present(instance: Instance) -> Iterator[Violation]:
    """It can only be guessed then, compressed pixels hardly."""
    yield from _without_value(instance, TRANSFER_SYNTAX_UID)


@RULES.check(
    "meta.element-missing",
    Severity.WARNING,
    "A required element of the file meta information is missing or empty.",
    "PS3.10 7.1",
    why="Strict readers refuse the file, and directories of media can't be made from it.",
    fix="Write it: SOP class and instance are those of the data set, the version is 00 01, the "
    "implementation class UID is the writer's own.",
)
def meta_elements_are_present(instance: Instance) -> Iterator[Violation]:
    """The data set repeats what an instance is filed by, the others are notes of its writer."""
    yield from _without_value(
        instance,
        FILE_META_INFORMATION_VERSION,
        MEDIA_STORAGE_SOP_CLASS_UID,
        MEDIA_STORAGE_SOP_INSTANCE_UID,
        IMPLEMENTATION_CLASS_UID,
    )


@RULES.check(
    "meta.version-unknown",
    Severity.WARNING,
    "The version of the file meta information is not one that is known.",
    "PS3.10 7.1",
    why="The standard has defined one version only; strict readers refuse others.",
    fix="Write the two bytes 00 01.",
)
def version_is_known(instance: Instance) -> Iterator[Violation]:
    """Each bit is a version; the lowest bit of the second byte is the first version."""
    version = instance.meta and instance.meta.get(FILE_META_INFORMATION_VERSION)
    if version and not version.is_empty:
        value = version.value(2)
        if version.length != len(value) or len(value) < 2 or not value[1] & 1:
            yield Violation(version, "00 01", value.hex(" "))


@RULES.check(
    "meta.transfer-syntax-retired",
    Severity.INFO,
    "The transfer syntax is retired from the standard.",
    "PS3.6 A",
    why="Newer software may be unable to read it, and none should write it any more.",
    fix="Convert the file to a transfer syntax that is not retired.",
    violation=False,
)
def transfer_syntax_is_not_retired(instance: Instance) -> Iterator[Violation]:
    """Explicit VR big endian and many kinds of JPEG are."""
    syntax = instance.meta and instance.meta.get(TRANSFER_SYNTAX_UID)
    if syntax and is_retired_uid(syntax.text()):
        yield Violation(syntax, found=syntax.text())


@RULES.check(
    "meta.private-information-creator-missing",
    Severity.WARNING,
    "The file meta information has private information and does not say whose.",
    "PS3.10 7.1",
    why="It cannot be read, and it is unknown whether it may be thrown away.",
    fix="Write the UID of its creator into (0002,0100), or take (0002,0102) out.",
)
def private_information_has_a_creator(instance: Instance) -> Iterator[Violation]:
    """The creator is required as soon as the information is there."""
    if instance.meta and instance.meta.get(PRIVATE_INFORMATION):
        yield from _without_value(instance, PRIVATE_INFORMATION_CREATOR_UID)


def _without_value(instance: Instance, *tags: int) -> Iterator[Violation]:
    meta = instance.meta
    if meta is None:
        return
    for tag in tags:
        element = meta.get(tag)
        if element is None and not meta.may_have(tag):
            yield Violation(tag, expected="a value")
        elif element is not None and element.is_empty:
            yield Violation(element, expected="a value")


@RULES.check(
    "meta.sop-class-mismatch",
    Severity.ERROR,
    "The file meta information names another SOP class than the data set.",
    "PS3.10 7.1",
    why="It is offered over the network as one kind of object and read as another.",
    fix="Copy (0008,0016) into (0002,0002), once it is certain which of them is right.",
    refusal="It is two kinds of object at once; which one a reader shows is chance.",
)
def sop_class_matches(instance: Instance) -> Iterator[Violation]:
    """Readers choose by the one, archives file by the other."""
    yield from _differing(instance, MEDIA_STORAGE_SOP_CLASS_UID, SOP_CLASS_UID)


@RULES.check(
    "meta.sop-instance-mismatch",
    Severity.WARNING,
    "The file meta information names another SOP instance than the data set.",
    "PS3.10 7.1",
    why="De-identification often forgets the file meta information, which then names the original. "
    "Archives go by the data set, as this one does; software that goes by the file meta "
    "information finds no such instance.",
    fix="Copy (0008,0018) into (0002,0003).",
)
def sop_instance_matches(instance: Instance) -> Iterator[Violation]:
    """The data set decides which instance it is: identity, URLs and names of files are its."""
    yield from _differing(instance, MEDIA_STORAGE_SOP_INSTANCE_UID, SOP_INSTANCE_UID)


def _differing(instance: Instance, meta_tag: int, tag: int) -> Iterator[Violation]:
    declared, actual = instance.meta and instance.meta.get(meta_tag), instance.dataset.get(tag)
    if not declared or not actual or declared.is_empty or actual.is_empty:
        return
    if declared.text() != actual.text():
        expected = shown_identifier(actual, everything=instance.profile.show_values)
        yield Violation(declared, expected=expected or None, value=declared.value(128))
