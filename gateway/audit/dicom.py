"""Records as audit messages of DICOM (PS3.15 A.5); docs/audit.md has the table.

The patient, whom some messages of the standard name, is left out: the log has no PHI.
"""

from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, tostring

from gateway.audit.record import AuditRecord, Kind, Outcome

Code = tuple[str, str]
"""Value and meaning of a code of DCM (PS3.16)."""

APPLICATION = ("110100", "Application Activity")
QUERY = ("110112", "Query")
ACCESSED = ("110103", "DICOM Instances Accessed")
TRANSFERRED = ("110104", "DICOM Instances Transferred")
DELETED = ("110105", "DICOM Study Deleted")
SECURITY = ("110113", "Security Alert")

EVENTS: dict[Kind, tuple[Code, str]] = {
    Kind.UPLOAD: (TRANSFERRED, "C"),
    Kind.QUERY: (QUERY, "E"),
    Kind.READ: (ACCESSED, "R"),
    Kind.EXPORT: (TRANSFERRED, "R"),
    Kind.CHANGE: (ACCESSED, "U"),
    Kind.DELETE: (DELETED, "D"),
    Kind.REFUSAL: (SECURITY, "E"),
    Kind.START: (APPLICATION, "E"),
    Kind.STOP: (APPLICATION, "E"),
}
"""EventID and EventActionCode of each kind."""

TYPES: dict[Kind, Code] = {
    Kind.START: ("110120", "Application Start"),
    Kind.STOP: ("110121", "Application Stop"),
}
"""EventTypeCode of each kind that has one."""

REFUSED_TYPES: dict[int, Code] = {
    401: ("110126", "Node Authentication"),
    403: ("110132", "Use of Restricted Function"),
}
"""EventTypeCode of security alerts, by status: whatever was refused is one."""

OUTCOMES = {Outcome.SUCCESS: "0", Outcome.REFUSED: "4", Outcome.FAILED: "8"}
"""EventOutcomeIndicator: success, minor failure, serious failure."""


def audit_message(record: AuditRecord) -> bytes:
    """The XML of a record, in UTF-8."""
    root = Element("AuditMessage")
    (code, action), kind = EVENTS[record.kind], TYPES.get(record.kind)
    if record.status in REFUSED_TYPES:
        code, action, kind = SECURITY, "E", REFUSED_TYPES[record.status]
    event = SubElement(
        root,
        "EventIdentification",
        EventActionCode=action,
        EventDateTime=record.time.astimezone(UTC).isoformat(timespec="milliseconds"),
        EventOutcomeIndicator=OUTCOMES[record.outcome],
    )
    _code(event, "EventID", code)
    if kind:
        _code(event, "EventTypeCode", kind)
    if record.status:
        SubElement(event, "EventOutcomeDescription").text = f"HTTP {record.status}"
    _participants(root, record)
    source = SubElement(root, "AuditSourceIdentification", AuditSourceID="hdv-gateway")
    SubElement(source, "AuditSourceTypeCode", {"csd-code": "4"})  # application server
    for study_id in record.study_ids:
        _study(root, study_id, record.detail)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def _participants(root: Element, record: AuditRecord) -> None:
    if record.address is not None:
        client = SubElement(
            root,
            "ActiveParticipant",
            UserID=record.caller,
            UserIsRequestor="true",
            NetworkAccessPointID=record.address,
            NetworkAccessPointTypeCode="2",  # an IP address
        )
        is_sender = record.kind is Kind.UPLOAD
        role = ("110153", "Source Role ID") if is_sender else ("110152", "Destination Role ID")
        _code(client, "RoleIDCode", role)
    gateway = SubElement(
        root, "ActiveParticipant", UserID=record.instance or "gateway", UserIsRequestor="false"
    )
    _code(gateway, "RoleIDCode", ("110150", "Application"))


def _study(root: Element, study_id: str, detail: str | None) -> None:
    study = SubElement(
        root,
        "ParticipantObjectIdentification",
        ParticipantObjectID=study_id,
        ParticipantObjectTypeCode="2",  # system object
        ParticipantObjectTypeCodeRole="3",  # report, as A.5.3 has it for studies
    )
    if "-" in study_id:  # a UUID of ours, which is no Study Instance UID
        code = {"csd-code": "study_id", "codeSystemName": "99HDV", "originalText": "study_id"}
        SubElement(study, "ParticipantObjectIDTypeCode", code)
    else:
        _code(study, "ParticipantObjectIDTypeCode", ("110180", "Study Instance UID"))
    if detail:
        SubElement(study, "ParticipantObjectName").text = detail


def _code(parent: Element, name: str, code: Code) -> None:
    value, meaning = code
    attributes = {"csd-code": value, "codeSystemName": "DCM", "originalText": meaning}
    SubElement(parent, name, attributes)
