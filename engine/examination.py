"""Examines one instance: bytes in, report out."""

from contracts.report import Identity
from engine.comparison.summary import Summary, digest_of
from engine.content.check import check_content
from engine.disclosure import shown_identifier
from engine.documents.check import check_document
from engine.encoding.anomaly import ReadingLimits
from engine.encoding.elements import Buffer, Elements
from engine.encoding.reading import read
from engine.findings import Findings
from engine.instance import Instance
from engine.iod.check import check_iod
from engine.pixels.check import check_pixels
from engine.profiles.profile import Profile
from engine.relations.check import check_relations
from engine.report import Report
from engine.rule_set import CheckedRule
from engine.rules.anomalies import added_to
from engine.rules.catalogue import RULES
from engine.site_rules import check_site_rules
from engine.tags import (
    MODALITY,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    TRANSFER_SYNTAX_UID,
)
from engine.values.check import check_values

_CHECKED_RULES = tuple(rule for rule in RULES.values() if isinstance(rule, CheckedRule))
"""The rules that have a check of their own."""

_CHECKS = (
    check_values,
    check_iod,
    check_relations,
    check_pixels,
    check_document,
    check_content,
    check_site_rules,
)
"""Each finds the violations of many rules in one pass over the instance."""


def examine(data: Buffer, profile: Profile, *, digest: bool = True) -> Report:
    """Examine the bytes of a file.

    Every input gives a report; none raises. Memory and time grow with the number of elements,
    not with the size of their values, so that the file may be a memory map of any size.

    Args:
        data: the file.
        profile: what to ask for, and the limits.
        digest: whether the summary has the digest of the data set, which takes as long as all the
            rest for an image: where instances are only compared with each other, those with a UID
            of their own need none.
    """
    findings = Findings(profile)
    file = read(data, profile.limits, added_to(findings))
    if file is None:
        return Report(findings=findings.in_order())
    instance = Instance.of(file, data, profile)
    for rule in _CHECKED_RULES:
        for violation in rule.check(instance):
            findings.add(rule, violation)
    for check in _CHECKS:
        check(instance, findings)
    identity = _identity(instance)
    return Report(
        findings.in_order(identity.sop_class_uid, identity.modality),
        identity,
        Summary.of(instance, digest=digest),
    )


def digest(data: Buffer, limits: ReadingLimits) -> str:
    """The digest that the summary of a file has; empty if it is not a DICOM file.

    Args:
        data: the file.
        limits: those of the profile.
    """
    file = read(data, limits, lambda _: None)
    return "" if file is None else digest_of(file.dataset, file.meta)


def _identity(instance: Instance) -> Identity:
    def text(elements: Elements | None, tag: int) -> str:
        element = elements.get(tag) if elements else None
        return shown_identifier(element, everything=instance.profile.show_values)

    dataset = instance.dataset
    return Identity(
        sop_class_uid=text(dataset, SOP_CLASS_UID),
        sop_instance_uid=text(dataset, SOP_INSTANCE_UID),
        study_instance_uid=text(dataset, STUDY_INSTANCE_UID),
        series_instance_uid=text(dataset, SERIES_INSTANCE_UID),
        transfer_syntax_uid=text(instance.meta, TRANSFER_SYNTAX_UID),
        modality=text(dataset, MODALITY),
    )
