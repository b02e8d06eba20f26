"""Rules of what harms readers or patients: identity, programs, sizes (PS3.15 E, PS3.10 7.5)."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.encoding import vr as vrs
from engine.encoding.elements import Element, Elements
from engine.encoding.transfer_syntax import Pixels
from engine.file_kinds import document_mismatch, embedded_executable_kind, executable_kind
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import (
    BURNED_IN_ANNOTATION,
    ENCAPSULATED_DOCUMENT,
    MEDICAL_RECORD_LOCATOR,
    MIME_TYPE_OF_ENCAPSULATED_DOCUMENT,
    OTHER_PATIENT_IDS,
    OTHER_PATIENT_IDS_SEQUENCE,
    OTHER_PATIENT_NAMES,
    PATIENT_ADDRESS,
    PATIENT_BIRTH_DATE,
    PATIENT_BIRTH_NAME,
    PATIENT_IDENTITY_REMOVED,
    PATIENT_MOTHER_BIRTH_NAME,
    PATIENT_NAME,
    PATIENT_TELECOM_INFORMATION,
    PATIENT_TELEPHONE_NUMBERS,
    RECOGNIZABLE_VISUAL_FEATURES,
    RESPONSIBLE_PERSON,
)
from engine.violation import Violation

RULES = RuleSet(__name__)


# What a dummy value is no use for, so that de-identification empties or removes it (PS3.15 E.1):
# other ids and names, birth name, mother's birth name, address, telephone numbers,
# telecom information, medical record locator, responsible person.
_IDENTIFYING = (
    OTHER_PATIENT_IDS,
    OTHER_PATIENT_NAMES,
    OTHER_PATIENT_IDS_SEQUENCE,
    PATIENT_BIRTH_NAME,
    PATIENT_MOTHER_BIRTH_NAME,
    PATIENT_ADDRESS,
    PATIENT_TELEPHONE_NUMBERS,
    PATIENT_TELECOM_INFORMATION,
    MEDICAL_RECORD_LOCATOR,
    RESPONSIBLE_PERSON,
)
_NO_DAY = ("0101", "0000", "1111")
"""The months and days of birth dates that stand for a year alone, or for nothing."""
_BEGINNING = 4096
"""Bytes of a value that are looked at for what it is."""
_MAGIC = 4
_PRIVATE = 0x10000
"""The bit that makes a group number odd."""
_SUSPICIOUS_RATIO = 10_000
"""Blank images come down to about a hundredth with JPEG, and rarely to a thousandth."""
_HARMLESS_BYTES = 256 * 1024**2
"""Pixels that any reader has the memory for, however little they are compressed to."""


@RULES.check(
    "safety.burned-in-annotation",
    Severity.WARNING,
    "The image says that identifying text is burned into its pixels.",
    "PS3.3 C.7.6.1",
    why="The image itself shows the patient's name; removing elements does not help.",
    fix="Black the text out and set (0028,0301) to NO before the image leaves the hospital.",
    violation=False,
)
def annotation_is_not_burned_in(instance: Instance) -> Iterator[Violation]:
    """What the image says of itself; text that it does not mention is not looked for.

    Of a document it is expected: nearly all of them name the patient on each page.
    """
    if instance.dataset.get(ENCAPSULATED_DOCUMENT) is None:
        yield from _saying_yes(instance, BURNED_IN_ANNOTATION)


@RULES.check(
    "safety.recognizable-features",
    Severity.WARNING,
    "The image says that the patient can be recognised by it.",
    "PS3.3 C.7.6.1",
    why="A face can be reconstructed from slices of the head, and photographs show it at once.",
    fix="Deface the images and set (0028,0302) to NO before they leave the hospital.",
    violation=False,
)
def patient_is_not_recognizable(instance: Instance) -> Iterator[Violation]:
    """What the image says of itself."""
    yield from _saying_yes(instance, RECOGNIZABLE_VISUAL_FEATURES)


def _saying_yes(instance: Instance, tag: int) -> Iterator[Violation]:
    element = instance.dataset.get(tag)
    if element is not None and element.text(16) == "YES":
        yield Violation(element, "NO", "YES")


@RULES.check(
    "safety.identity-not-removed",
    Severity.WARNING,
    "The instance says that the patient's identity has been removed, and an element still has it.",
    "PS3.15 E.1",
    why="It is passed on as de-identified, with data that leads to the person.",
    fix="Empty or remove the element, or set (0012,0062) to NO.",
    violation=False,
)
def identity_is_removed_where_it_says_so(instance: Instance) -> Iterator[Violation]:
    """Name and ID are not looked at: both may have a pseudonym."""
    if _claims_removal(instance):
        for tag in _IDENTIFYING:
            element = instance.dataset.get(tag)
            if element is not None and not element.is_empty:
                yield Violation(element, "no value", "a value")


@RULES.check(
    "safety.name-not-removed",
    Severity.INFO,
    "The instance says that the patient's identity has been removed, and has a whole name.",
    "PS3.15 E.1",
    why="A pseudonym is allowed there, but a family and a given name may as well be the patient's.",
    fix="Make sure that it is a pseudonym; one word can't be mistaken for a name.",
    violation=False,
)
def name_is_removed_where_it_says_so(instance: Instance) -> Iterator[Violation]:
    """Whether a name is real cannot be seen."""
    name = instance.dataset.get(PATIENT_NAME)
    if name is not None and _claims_removal(instance):
        family, _, given = name.value(512).partition(b"^")
        if family.strip() and given.strip(b" ^=\0"):
            yield Violation(name, "no value or a pseudonym", "a family and a given name")


@RULES.check(
    "safety.birth-date-not-removed",
    Severity.INFO,
    "The instance says that the patient's identity has been removed, and has a birth date.",
    "PS3.15 E.1",
    why="De-identification may write a date that is not the patient's, but this may as well be it.",
    fix="Make sure that it is not; the first of January is known to be none.",
    violation=False,
)
def birth_date_is_removed_where_it_says_so(instance: Instance) -> Iterator[Violation]:
    """A dummy value is allowed (action Z), and a day and month that stand for none are one."""
    date = instance.dataset.get(PATIENT_BIRTH_DATE)
    if date is not None and not date.is_empty and _claims_removal(instance):
        is_dummy = date.text().replace(".", "").endswith(_NO_DAY)
        if not is_dummy:
            yield Violation(date, "no value or one for all patients", "a birth date")


def _claims_removal(instance: Instance) -> bool:
    return instance.dataset.text(PATIENT_IDENTITY_REMOVED) == "YES"


@RULES.check(
    "safety.declared-size",
    Severity.ERROR,
    "The image declares more pixels than the profile allows.",
    "PS3.3 C.7.6.3",
    why="A few kilobytes can claim terabytes: readers that reserve the memory fail, and others on "
    "the same machine with them.",
    fix="Correct rows, columns and number of frames; raise the limit if they are right.",
    refusal="It may fill the memory of what shows it.",
    violation=False,
)
def declared_size_is_within_the_limit(instance: Instance) -> Iterator[Violation]:
    """Counted as the pixels would be once decompressed."""
    image, limit = instance.image, instance.profile.limits.max_pixel_bytes
    if image and image.layout and image.layout.native_length > limit:
        expected, found = f"at most {limit} bytes", f"{image.layout.native_length} bytes"
        yield Violation(image.pixel_data, expected, found)


@RULES.check(
    "safety.compression-ratio",
    Severity.WARNING,
    "The compressed pixel data is very much smaller than the image that it declares.",
    "PS3.5 A.4",
    why="No real image compresses like that: either frames are missing, or it is made to exhaust "
    "the memory of its readers.",
    fix="Decode it under a memory limit only; correct rows, columns and number of frames.",
    violation=False,
)
def compression_is_credible(instance: Instance) -> Iterator[Violation]:
    """Small images are left out, and video, which does compress like that."""
    image, syntax = instance.image, instance.transfer_syntax
    if not image or not image.layout or not image.fragments:
        return
    if syntax is None or syntax.pixels is Pixels.VIDEO:
        return
    size, present = image.layout.native_length, sum(image.fragments.lengths)
    if size > _HARMLESS_BYTES and size > present * _SUSPICIOUS_RATIO:
        expected, found = f"more than {size // _SUSPICIOUS_RATIO} bytes", f"{present} bytes"
        yield Violation(image.pixel_data, expected, found)


@RULES.check(
    "safety.embedded-executable",
    Severity.ERROR,
    "The value is a program.",
    "PS3.10 7.5",
    why="Software that unpacks documents or private data may run it, or pass it on to be run.",
    fix="Remove the element, and find out where the file comes from.",
    refusal="A program has no business in an archive of images.",
    violation=False,
)
def values_are_no_programs(instance: Instance) -> Iterator[Violation]:
    """Encapsulated documents and private bytes: whatever may be anything."""
    dataset = instance.dataset
    for code in (vrs.CODES[b"OB"], vrs.CODES[b"OW"], vrs.UN):
        for row, start in dataset.values_of(code, _MAGIC):
            tag = dataset.tags[row]
            if (tag & _PRIVATE or tag == ENCAPSULATED_DOCUMENT) and executable_kind(start):
                yield from _program_at(dataset, row)


def _program_at(dataset: Elements, row: int) -> Iterator[Violation]:
    element = Element(dataset, row)
    if kind := embedded_executable_kind(element.value(_BEGINNING)):
        yield Violation(element, "a document or data", kind)


@RULES.check(
    "safety.document-format",
    Severity.WARNING,
    "The encapsulated document is not of the media type that the instance states.",
    "PS3.3 C.24.2",
    why="It is opened with the wrong program, or is something else in disguise.",
    fix="State the media type of the document in (0042,0012), or encapsulate the right document.",
)
def document_is_of_its_type(instance: Instance) -> Iterator[Violation]:
    """Only types that show at the beginning of the document."""
    document = instance.dataset.get(ENCAPSULATED_DOCUMENT)
    if document is not None and not document.is_empty:
        expected = document_mismatch(
            instance.dataset.text(MIME_TYPE_OF_ENCAPSULATED_DOCUMENT)
            .partition(";")[0]
            .strip()
            .lower(),
            document.value(_BEGINNING),
        )
        if expected:
            yield Violation(document, expected, "something else")
