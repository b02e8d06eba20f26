"""Rules of the file meta information (PS3.10 7.1)."""

from collections.abc import Iterator

from contracts.report import Severity
from validator.instance import Instance
from validator.rule import Violation, define, rule

GROUP_LENGTH = 0x00020000
MEDIA_STORAGE_SOP_CLASS_UID = 0x00020002
MEDIA_STORAGE_SOP_INSTANCE_UID = 0x00020003
TRANSFER_SYNTAX_UID = 0x00020010
SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
_FILE_META_INFORMATION_VERSION = 0x00020001
_IMPLEMENTATION_CLASS_UID = 0x00020012

ENCODING = define(
    "meta.encoding",
    Severity.ERROR,
    "The file meta information is not in explicit VR little endian.",
    "PS3.10 7.1",
)
TRANSFER_SYNTAX_UNKNOWN = define(
    "meta.transfer-syntax-unknown",
    Severity.ERROR,
    "The transfer syntax is not one of the standard.",
    "PS3.6 A",
)
TRANSFER_SYNTAX_MISMATCH = define(
    "meta.transfer-syntax-mismatch",
    Severity.ERROR,
    "The data set is not written in the transfer syntax that the file declares.",
    "PS3.10 7.1",
)


@rule(
    "meta.group-length-missing",
    Severity.WARNING,
    "The file meta information does not start with its length.",
    "PS3.10 7.1",
)
def group_length_is_present(instance: Instance) -> Iterator[Violation]:
    """Readers do without: the group of the elements says as well where it ends."""
    if instance.meta and instance.meta.get(GROUP_LENGTH) is None:
        yield Violation(GROUP_LENGTH)


@rule(
    "meta.group-length-wrong",
    Severity.WARNING,
    "The file meta information has another length than it says.",
    "PS3.10 7.1",
)
def group_length_is_right(instance: Instance) -> Iterator[Violation]:
    """It counts from the end of its own value to the first element of another group."""
    meta = instance.meta
    if meta and meta.complete and (group_length := meta.get(GROUP_LENGTH)):
        declared = group_length.integer()
        actual = meta.end - group_length.offset - group_length.length
        if declared != actual:
            yield Violation(group_length, f"{actual}", f"{declared}")


@rule(
    "meta.transfer-syntax-missing",
    Severity.ERROR,
    "The file does not say in which transfer syntax it is written.",
    "PS3.10 7.1",
)
def transfer_syntax_is_present(instance: Instance) -> Iterator[Violation]:
    """It can only be guessed then, compressed pixels hardly."""
    yield from _without_value(instance, TRANSFER_SYNTAX_UID)


@rule(
    "meta.element-missing",
    Severity.WARNING,
    "A required element of the file meta information is missing or empty.",
    "PS3.10 7.1",
)
def meta_elements_are_present(instance: Instance) -> Iterator[Violation]:
    """The data set repeats what an instance is filed by, the others are notes of its writer."""
    yield from _without_value(
        instance,
        _FILE_META_INFORMATION_VERSION,
        MEDIA_STORAGE_SOP_CLASS_UID,
        MEDIA_STORAGE_SOP_INSTANCE_UID,
        _IMPLEMENTATION_CLASS_UID,
    )


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


@rule(
    "meta.sop-class-mismatch",
    Severity.ERROR,
    "The file meta information names another SOP class than the data set.",
    "PS3.10 7.1",
)
def sop_class_matches(instance: Instance) -> Iterator[Violation]:
    """Readers choose by the one, archives file by the other."""
    yield from _differing(instance, MEDIA_STORAGE_SOP_CLASS_UID, SOP_CLASS_UID)


@rule(
    "meta.sop-instance-mismatch",
    Severity.ERROR,
    "The file meta information names another SOP instance than the data set.",
    "PS3.10 7.1",
)
def sop_instance_matches(instance: Instance) -> Iterator[Violation]:
    """Two names for one instance make it two instances somewhere."""
    yield from _differing(instance, MEDIA_STORAGE_SOP_INSTANCE_UID, SOP_INSTANCE_UID)


def _differing(instance: Instance, meta_tag: int, tag: int) -> Iterator[Violation]:
    declared, actual = instance.meta and instance.meta.get(meta_tag), instance.dataset.get(tag)
    if not declared or not actual or declared.is_empty or actual.is_empty:
        return
    if declared.text() != actual.text():
        yield Violation(declared, expected=actual.text(), found=declared.text())
