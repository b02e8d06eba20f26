"""Whether the SOP class of a data set is one that is known."""

from engine.encoding.elements import Element
from engine.findings import Findings
from engine.instance import Instance
from engine.iod.plan import Plans
from engine.rules import iod as rules
from engine.standard.facts import Uid
from engine.tags import SOP_CLASS_UID
from engine.violation import Violation

_DICOM_ROOT = "1.2.840.10008."


def check_sop_class(instance: Instance, plans: Plans, findings: Findings) -> None:
    """Report a SOP class that is retired, private, or none at all.

    A UID that is missing or malformed is reported by the rules of required elements and UIDs.
    """
    element = instance.dataset.get(SOP_CLASS_UID)
    uid = element.text() if element else ""
    if not element or not uid:
        return
    known = plans.facts.uids.get(uid)
    if known and known.is_retired:
        findings.add(rules.SOP_CLASS_RETIRED, Violation(element, found=known.name))
    elif uid in plans.facts.sop_classes or (known and _is_stored(known)):
        return
    elif uid.startswith(_DICOM_ROOT):
        findings.add(rules.SOP_CLASS_UNKNOWN, _unknown(element, known))
    else:
        findings.add(rules.SOP_CLASS_PRIVATE, Violation(element, value=element.value(64)))


def _unknown(element: Element, known: Uid | None) -> Violation:
    expected = "a storage SOP class"
    if known:
        return Violation(element, expected, known.name)
    return Violation(element, expected, value=element.value(64))


def _is_stored(uid: Uid) -> bool:
    return uid.kind == "SOP Class" and "Storage" in uid.name and "Commitment" not in uid.name
