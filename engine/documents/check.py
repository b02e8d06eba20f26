"""Checks the encapsulated document of an instance (PS3.3 C.24.2)."""

from collections.abc import Iterator

from engine.documents.document import Document
from engine.documents.models import mtl_violations, obj_violations, stl_violations
from engine.documents.pdf import pdf_violations
from engine.documents.xml import xml_violations
from engine.file_kinds import XML_TYPES, document_mismatch
from engine.findings import Findings
from engine.instance import Instance
from engine.rules import document as rules
from engine.tags import (
    ENCAPSULATED_DOCUMENT,
    MIME_TYPE_OF_ENCAPSULATED_DOCUMENT,
    SOP_CLASS_UID,
)
from engine.violation import RuleViolation, Violation

_BEGINNING = 4096
_CDA = "1.2.840.10008.5.1.4.1.1.104.2"
_CHECKS = {
    "application/pdf": pdf_violations,
    "model/stl": stl_violations,
    "application/sla": stl_violations,
    "model/obj": obj_violations,
    "model/mtl": mtl_violations,
}


def check_document(instance: Instance, findings: Findings) -> None:
    """Check the document of an instance.

    Args:
        instance: the instance; nothing happens if it has no document.
        findings: collects the violations.
    """
    if instance.dataset.get(ENCAPSULATED_DOCUMENT) is None:
        return
    document = Document.of(instance.dataset)
    if document is not None:
        for rule, violation in _violations(instance, document):
            findings.add(rule, violation)


def _violations(instance: Instance, document: Document) -> Iterator[RuleViolation]:
    stated, present = document.stated_length, document.element.length
    if stated is not None and stated != document.length:
        rule = rules.LENGTH_SHORT if stated > present else rules.LENGTH_LONG
        yield rule, Violation(document.element, f"{stated} bytes", f"{present} bytes")
    media_type = media_type_of(instance)
    if document_mismatch(media_type, document.read(0, _BEGINNING)):
        return  # another rule reports that
    if media_type in XML_TYPES:
        is_cda = instance.dataset.text(SOP_CLASS_UID) == _CDA
        yield from xml_violations(document, is_cda=is_cda)
    elif media_type in _CHECKS:
        yield from _CHECKS[media_type](document)


def media_type_of(instance: Instance) -> str:
    """The media type that the instance states, in small letters and without parameters."""
    stated = instance.dataset.text(MIME_TYPE_OF_ENCAPSULATED_DOCUMENT)
    return stated.partition(";")[0].strip().lower()
