"""The examination of one instance: bytes in, report out, and nothing else."""

from contracts.report import Identity, Report
from validator.elements import Buffer
from validator.findings import Findings
from validator.instance import Instance
from validator.profile import Profile
from validator.reading import read
from validator.rule import RULES
from validator.rules import encapsulation, file, meta, pixel, required, structure, uid

RULE_MODULES = (file, meta, structure, required, uid, pixel, encapsulation)
"""What has to be imported for the registry to be complete."""


def examine(data: Buffer, profile: Profile) -> Report:
    """Examine the bytes of a file.

    Every input gives a report; none raises. Memory and time grow with the number of elements,
    not with the size of their values, so that the file may be a memory map of any size.

    Args:
        data: the file.
        profile: what to ask for, and the limits.
    """
    findings = Findings(profile.max_findings_per_code)
    instance = read(data, profile, findings)
    if instance is None:
        return Report(findings=findings.in_order())
    for rule in RULES.values():
        if rule.check:
            for violation in rule.check(instance):
                findings.add(rule, violation)
    return Report(identity=_identity(instance), findings=findings.in_order())


def _identity(instance: Instance) -> Identity:
    dataset, meta = instance.dataset, instance.meta
    return Identity(
        sop_class_uid=dataset.text(0x00080016),
        sop_instance_uid=dataset.text(0x00080018),
        study_instance_uid=dataset.text(0x0020000D),
        series_instance_uid=dataset.text(0x0020000E),
        transfer_syntax_uid=meta.text(0x00020010) if meta else "",
        modality=dataset.text(0x00080060),
    )
