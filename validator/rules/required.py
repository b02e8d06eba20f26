"""Rules of the elements without which an instance is not filed; the profile lists them."""

from collections.abc import Iterator

from contracts.report import Severity
from validator.instance import Instance
from validator.rule import Violation, rule


@rule(
    "element.missing",
    Severity.ERROR,
    "A required element is missing.",
    "PS3.5 7.4",
)
def required_elements_are_present(instance: Instance) -> Iterator[Violation]:
    """Behind the place where a file breaks off, nothing is known to be missing."""
    if instance.is_media_directory:
        return
    for tag in instance.profile.required_tags:
        if instance.dataset.get(tag) is None and not instance.dataset.may_have(tag):
            yield Violation(tag)


@rule(
    "element.empty",
    Severity.ERROR,
    "A required element has no value.",
    "PS3.5 7.4.1",
)
def required_elements_have_values(instance: Instance) -> Iterator[Violation]:
    """Spaces and null bytes are padding, not a value."""
    for tag, may_be_empty in instance.profile.required_tags.items():
        element = instance.dataset.get(tag)
        if element is not None and not may_be_empty and element.is_empty:
            yield Violation(element, expected="a value")
