"""Compares the instances of a study: finds what does not show in a single file."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.report import Finding
from engine.comparison.geometry import stacks
from engine.comparison.references import Reference
from engine.comparison.summary import PATIENT, SERIES, STUDY, Summary
from engine.disclosure import shown_uid
from engine.encoding.comparable import agreeing
from engine.profiles.profile import Profile
from engine.rule import Rule
from engine.rules import series as series_rules
from engine.rules import study as study_rules
from engine.standard.facts import keyword_of
from engine.tags import (
    FRAME_OF_REFERENCE_UID,
    IMAGE_ORIENTATION_PATIENT,
    IMAGE_POSITION_PATIENT,
    INSTANCE_NUMBER,
    MODALITY,
    PATIENT_ID,
    REFERENCED_FRAME_NUMBER,
    REFERENCED_SOP_CLASS_UID,
    ROWS,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    tag_text,
)


@dataclass(frozen=True)
class Compared:
    """An instance among the others.

    Attributes:
        file: its name in findings.
        summary: the values that are compared.
    """

    file: str
    summary: Summary


@dataclass(frozen=True)
class _Violation:
    """A violation that shows when several instances are compared."""

    rule: Rule
    tag: int
    files: tuple[str, ...]
    found: str
    expected: str | None = None
    count: int = 1


_Shared = tuple[Rule, int, Callable[[Summary], Hashable]]
"""A rule that a series has one value of something, the element, and how to get the value."""


def compare(
    instances: Sequence[Compared], profile: Profile, *, expected_instances: int | None = None
) -> tuple[Finding, ...]:
    """Find the violations of the instances as a whole.

    Args:
        instances: those that could be read.
        profile: has the severity of each finding.
        expected_instances: how many there should be, if the sender has announced a number.

    Returns:
        The findings, each with all files concerned; files with the rarest value come first.
    """
    studies = by_study(instances).values()
    return (
        *compare_studies(instances, profile),
        *(finding for study in studies for finding in compare_study(study, profile)),
        *compare_count(instances, profile, expected_instances),
    )


def with_one_uid(instances: Iterable[Compared]) -> list[Compared]:
    """Those whose SOP Instance UID another one has, too: their digests are needed."""
    groups = _grouped(instances, lambda summary: summary.sop_instance_uid).values()
    return [instance for group in groups if len(group) > 1 for instance in group]


def compare_studies(instances: Sequence[Compared], profile: Profile) -> tuple[Finding, ...]:
    """Find the violations of the instances of all studies together."""
    return _findings([*_identity(instances), *_several_studies(instances)], profile)


def compare_study(study: Sequence[Compared], profile: Profile) -> tuple[Finding, ...]:
    """Find the violations of the instances of one study among themselves."""
    found = [*_patient_and_study(study), *_series(study), *_references(study)]
    return _findings(found, profile)


def compare_count(
    instances: Sequence[Compared], profile: Profile, expected: int | None
) -> tuple[Finding, ...]:
    """Compare the number of different instances with the one that the sender has given, if any."""
    return _findings(_counted(instances, expected), profile)


def by_study(instances: Iterable[Compared]) -> dict[str, list[Compared]]:
    """The instances by their Study Instance UIDs, in the order of arrival."""
    return _grouped(instances, lambda summary: summary.study_instance_uid)


def _findings(violations: Iterable[_Violation], profile: Profile) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=violation.rule.code,
            severity=severity,
            message=violation.rule.message,
            path=tag_text(violation.tag),
            keyword=keyword_of(violation.tag),
            expected=violation.expected,
            found=violation.found,
            section=violation.rule.section,
            count=violation.count,
            files=violation.files,
        )
        for violation in violations
        if (severity := profile.severity_of(violation.rule)) is not None
    )


def _identity(instances: Sequence[Compared]) -> Iterator[_Violation]:
    """Find SOP Instance UIDs that several files have."""
    for uid, group in _grouped(instances, lambda summary: summary.sop_instance_uid).items():
        if not uid or len(group) == 1:
            continue
        digests = {instance.summary.dataset_sha256 for instance in group}
        rule = study_rules.DUPLICATE if len(digests) == 1 else study_rules.CONFLICT
        different = _many(len(digests), "different file")
        found = f"{len(group)} equal files" if len(digests) == 1 else different
        found += f" with {shown_uid(uid)}"
        yield _Violation(rule, SOP_INSTANCE_UID, _files(group), found, "one file")


def _several_studies(instances: Sequence[Compared]) -> Iterator[_Violation]:
    studies = by_study(instances)
    if len(studies) > 1:
        found = f"{len(studies)} studies"
        yield _Violation(
            study_rules.SEVERAL_STUDIES, STUDY_INSTANCE_UID, _files(instances), found, "one study"
        )
    for uid, group in _by_series(instances).items():
        yield from _shared(uid, group, _IN_ONE_STUDY)


def _patient_and_study(study: Sequence[Compared]) -> Iterator[_Violation]:
    identified = [instance for instance in study if PATIENT_ID in instance.summary.shared]
    yield from _differing(study_rules.PATIENT_DIFFERS, identified, (PATIENT_ID,))
    yield from _differing(study_rules.PATIENT_ATTRIBUTE_DIFFERS, study, PATIENT)
    yield from _differing(study_rules.ATTRIBUTE_DIFFERS, study, STUDY)


def _references(study: Sequence[Compared]) -> Iterator[_Violation]:
    """What instances say of others of their study, and what those say of themselves."""
    known = {instance.summary.sop_instance_uid: instance for instance in study}
    for rule, tag, expected, is_wrong in _REFERRED:
        wrong = {
            (instance.file, other.file): None
            for instance in study
            for reference in instance.summary.references
            if (other := known.get(reference.instance)) and is_wrong(reference, other.summary)
        }
        if wrong:
            files = tuple(dict.fromkeys(file for pair in wrong for file in pair))
            found = _many(len(wrong), "reference")
            yield _Violation(rule, tag, files, found, expected, len(wrong))


_REFERRED: tuple[tuple[Rule, int, str, Callable[[Reference, Summary], bool]], ...] = (
    (
        study_rules.REFERENCE_CLASS,
        REFERENCED_SOP_CLASS_UID,
        "the class of the instance",
        lambda reference, other: bool(
            reference.sop_class and reference.sop_class != other.sop_class_uid
        ),
    ),
    (
        study_rules.REFERENCE_FRAME,
        REFERENCED_FRAME_NUMBER,
        "a frame of the instance",
        lambda reference, other: reference.last_frame > other.frames,
    ),
    (
        study_rules.REFERENCE_SPACE,
        FRAME_OF_REFERENCE_UID,
        "the frame of reference of the instance",
        lambda reference, other: bool(
            reference.space
            and other.frame_of_reference_uid
            and reference.space != other.frame_of_reference_uid
        ),
    ),
)


def _series(study: Sequence[Compared]) -> Iterator[_Violation]:
    for uid, group in _by_series(study).items():
        if not uid or (len(group) == 1 and len(group[0].summary.planes) < 2):
            continue
        name = f"series {shown_uid(uid)}"
        yield from _shared(uid, group, _SHARED_BY_A_SERIES)
        yield from _differing(series_rules.ATTRIBUTE_DIFFERS, group, SERIES)
        yield from _numbers(group, name)
        yield from _geometry(group, name)


def _shared(uid: str, series: Sequence[Compared], rules: Iterable[_Shared]) -> Iterator[_Violation]:
    """What must be the same in a series, and is not."""
    for rule, tag, value in rules:
        values = [value(instance.summary) for instance in series]
        different = len(set(values) - {None})
        if uid and different > 1:
            found = f"{different} in series {shown_uid(uid)}"
            yield _Violation(rule, tag, _rarest_first(series, values), found, "the same in all")


_IN_ONE_STUDY: tuple[_Shared, ...] = (
    (series_rules.IN_SEVERAL_STUDIES, STUDY_INSTANCE_UID, lambda s: s.study_instance_uid or None),
)
_SHARED_BY_A_SERIES: tuple[_Shared, ...] = (
    (series_rules.MODALITY_DIFFERS, MODALITY, lambda s: s.modality),
    (
        series_rules.FRAME_OF_REFERENCE_DIFFERS,
        FRAME_OF_REFERENCE_UID,
        lambda s: s.frame_of_reference_uid or None,
    ),
    (
        series_rules.SIZE_MIXED,
        ROWS,
        lambda s: (s.rows, s.columns, s.spacing) if s.planes and not s.is_localizer else None,
    ),
)


def _numbers(series: Sequence[Compared], name: str) -> Iterator[_Violation]:
    numbers = defaultdict(list)
    for instance in _distinct_instances(series):
        if instance.summary.instance_number is not None:
            numbers[instance.summary.instance_number].append(instance)
    repeated = [group for group in numbers.values() if _have_different_uids(group)]
    if repeated:
        files = _files([instance for group in repeated for instance in group])
        found = f"{_many(len(repeated), 'number')} more than once in {name}"
        yield _Violation(series_rules.NUMBER_REPEATED, INSTANCE_NUMBER, files, found)
    elif numbers and (gaps := max(numbers) - min(numbers) + 1 - len(numbers)):
        found = f"{_many(gaps, 'number')} left out in {name}"
        yield _Violation(series_rules.NUMBER_GAP, INSTANCE_NUMBER, (), found)


def _have_different_uids(group: Sequence[Compared]) -> bool:
    """Whether it is more than one instance: another rule reports a UID that is used twice."""
    return len({instance.summary.sop_instance_uid for instance in group}) > 1


def _geometry(series: Sequence[Compared], name: str) -> Iterator[_Violation]:
    slices = [i for i in _distinct_instances(series) if not i.summary.is_localizer]
    found = stacks(plane for instance in slices for plane in instance.summary.planes)
    if len(found) > 1:
        yield _Violation(
            series_rules.ORIENTATION_MIXED,
            IMAGE_ORIENTATION_PATIENT,
            _files(slices),
            f"{len(found)} orientations in {name}",
            "one orientation",
        )
    for stack in found:
        if stack.step is None:
            continue
        expected = f"a slice every {stack.step:.4g} mm"
        if stack.missing:
            text = f"{stack.missing} missing in {name}"
            yield _Violation(
                series_rules.SLICE_MISSING,
                IMAGE_POSITION_PATIENT,
                (),
                text,
                expected,
                stack.missing,
            )
        if stack.uneven:
            text = f"{_many(stack.uneven, 'other distance')} in {name}"
            yield _Violation(
                series_rules.SPACING_UNEVEN,
                IMAGE_POSITION_PATIENT,
                (),
                text,
                expected,
                stack.uneven,
            )


def _counted(instances: Sequence[Compared], expected: int | None) -> Iterator[_Violation]:
    count = len(_distinct_instances(instances))
    if expected is not None and count != expected:
        rule = study_rules.MISSING if count < expected else study_rules.EXTRA
        yield _Violation(
            rule, SOP_INSTANCE_UID, (), _many(count, "instance"), _many(expected, "instance")
        )


def _differing(rule: Rule, group: Sequence[Compared], tags: Iterable[int]) -> Iterator[_Violation]:
    for tag in tags:
        written = [instance.summary.shared.get(tag, ()) for instance in group]
        most_precise = agreeing(set(written))
        values = [most_precise[value] for value in written]
        different = set(values)
        if len(different) > 1:
            found = f"{len(different)} different values"
            if () in different:
                found += ", no value among them"
            yield _Violation(rule, tag, _rarest_first(group, values), found, "the same in all")


def _distinct_instances(instances: Sequence[Compared]) -> list[Compared]:
    """The instances without repetitions of the same one."""
    return list({_identity_of(instance.summary): instance for instance in instances}.values())


def _identity_of(summary: Summary) -> tuple[str, str]:
    """Equal for the same instance; digests are needed only where several have one UID."""
    return summary.sop_instance_uid, summary.dataset_sha256


def _by_series(instances: Iterable[Compared]) -> dict[str, list[Compared]]:
    return _grouped(instances, lambda summary: summary.series_instance_uid)


def _grouped(
    instances: Iterable[Compared], key: Callable[[Summary], str]
) -> dict[str, list[Compared]]:
    groups: defaultdict[str, list[Compared]] = defaultdict(list)
    for instance in instances:
        groups[key(instance.summary)].append(instance)
    return groups


def _rarest_first(group: Sequence[Compared], values: Sequence[Hashable]) -> tuple[str, ...]:
    """The files of a group, each with its value: what is to be looked at comes first."""
    times = Counter(values)
    ordered = sorted(zip(group, values, strict=True), key=lambda pair: times[pair[1]])
    return _files(instance for instance, _ in ordered)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _files(instances: Iterable[Compared]) -> tuple[str, ...]:
    return tuple(instance.file for instance in instances)
