"""The rule that each anomaly of the encoding violates."""

from engine.encoding.anomaly import Anomaly, ReportAnomaly
from engine.encoding.anomaly import AnomalyKind as Kind
from engine.findings import Findings
from engine.rule import Rule
from engine.rules import file, meta, structure
from engine.violation import Violation

RULE_OF: dict[Kind, Rule] = {
    Kind.EMPTY: file.EMPTY,
    Kind.NOT_DICOM: file.NOT_DICOM,
    Kind.NO_PREAMBLE: file.NO_PREAMBLE,
    Kind.META_ENCODING: meta.ENCODING,
    Kind.TRANSFER_SYNTAX_UNKNOWN: meta.TRANSFER_SYNTAX_UNKNOWN,
    Kind.TRANSFER_SYNTAX_PRIVATE: meta.TRANSFER_SYNTAX_PRIVATE,
    Kind.TRANSFER_SYNTAX_MISMATCH: meta.TRANSFER_SYNTAX_MISMATCH,
    Kind.DEFLATE_TOO_LARGE: structure.DEFLATE_TOO_LARGE,
    Kind.DEFLATE_CORRUPT: structure.DEFLATE_CORRUPT,
    Kind.DEFLATE_WRAPPED: structure.DEFLATE_WRAPPED,
    Kind.DEFLATE_TRAILING: structure.DEFLATE_TRAILING,
    Kind.TRUNCATED: structure.TRUNCATED,
    Kind.OVERRUN: structure.OVERRUN,
    Kind.DELIMITER_MISSING: structure.DELIMITER_MISSING,
    Kind.DELIMITER_UNEXPECTED: structure.DELIMITER_UNEXPECTED,
    Kind.DELIMITER_LENGTH: structure.DELIMITER_LENGTH,
    Kind.ITEM_EXPECTED: structure.ITEM_EXPECTED,
    Kind.LENGTH_UNDEFINED: structure.LENGTH_UNDEFINED,
    Kind.LENGTH_ODD: structure.LENGTH_ODD,
    Kind.VR_INVALID: structure.VR_INVALID,
    Kind.UN_EXPLICIT: structure.UN_EXPLICIT,
    Kind.UN_WITHOUT_ITEMS: structure.UN_WITHOUT_ITEMS,
    Kind.RESERVED_BYTES: structure.RESERVED_BYTES,
    Kind.ORDER: structure.ORDER,
    Kind.DUPLICATE: structure.DUPLICATE,
    Kind.DEPTH: structure.DEPTH,
    Kind.TOO_MANY_ELEMENTS: structure.TOO_MANY_ELEMENTS,
    Kind.TRAILING_PADDING: structure.TRAILING_PADDING,
    Kind.TRAILING_BYTES: structure.TRAILING_BYTES,
}


def added_to(findings: Findings) -> ReportAnomaly:
    """A receiver of anomalies that adds each to the findings as a violation of its rule."""

    def report(anomaly: Anomaly) -> None:
        kind, element, expected, found, value, offset, times = anomaly
        findings.add(RULE_OF[kind], Violation(element, expected, found, value, offset), times)

    return report
