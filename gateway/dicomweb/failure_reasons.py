"""Maps findings to the failure and warning reasons of PS3.18 I.2."""

from collections.abc import Iterable
from enum import IntEnum


class FailureReason(IntEnum):
    """Failure Reason (0008,1197): PS3.18 Table I.2-2, which allows further ones."""

    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    """PS3.7 C.5.7: an instance with other bytes already has this UID."""
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    OUT_OF_RESOURCES = 0xA700
    DOES_NOT_MATCH_SOP_CLASS = 0xA900
    ANOTHER_STUDY = 0xA901
    """Our own: the instance is not of the study in the URL."""
    CANNOT_UNDERSTAND = 0xC000
    TRANSFER_SYNTAX_NOT_SUPPORTED = 0xC122


class WarningReason(IntEnum):
    """Warning Reason (0008,1196): PS3.18 Table I.2-1. We neither coerce nor discard elements."""

    DOES_NOT_MATCH_SOP_CLASS = 0xB007


FAILURES = (
    ("file.unreadable", FailureReason.PROCESSING_FAILURE),
    ("meta.transfer-syntax-private", FailureReason.TRANSFER_SYNTAX_NOT_SUPPORTED),
    ("meta.transfer-syntax-retired", FailureReason.TRANSFER_SYNTAX_NOT_SUPPORTED),
    ("meta.transfer-syntax-unknown", FailureReason.TRANSFER_SYNTAX_NOT_SUPPORTED),
    ("structure.depth", FailureReason.OUT_OF_RESOURCES),
    ("structure.deflate-too-large", FailureReason.OUT_OF_RESOURCES),
    ("structure.too-many-elements", FailureReason.OUT_OF_RESOURCES),
    ("study.too-many", FailureReason.OUT_OF_RESOURCES),
    ("safety.declared-size", FailureReason.OUT_OF_RESOURCES),
    ("meta.sop-class-mismatch", FailureReason.DOES_NOT_MATCH_SOP_CLASS),
    ("meta.sop-instance-mismatch", FailureReason.DOES_NOT_MATCH_SOP_CLASS),
    ("file.", FailureReason.CANNOT_UNDERSTAND),
    ("meta.", FailureReason.CANNOT_UNDERSTAND),
    ("structure.", FailureReason.CANNOT_UNDERSTAND),
    ("iod.sop-class-", FailureReason.SOP_CLASS_NOT_SUPPORTED),
    ("study.uid-unexpected", FailureReason.ANOTHER_STUDY),
    ("study.instance-", FailureReason.DUPLICATE_SOP_INSTANCE),
    ("", FailureReason.DOES_NOT_MATCH_SOP_CLASS),
)
"""Prefixes of finding codes and their reasons. Only one reason can be given: the first line that an
error matches counts, and errors that prevent reading the rest come first."""

SILENT = ("decoding.", "file.", "safety.", "series.", "site.", "study.")
"""Prefixes of warnings that are not about an instance and its SOP class."""


def failure_reason(errors: Iterable[str]) -> FailureReason:
    """Why an instance with these errors was not stored.

    Args:
        errors: codes of findings; none if it was refused for another reason.
    """
    codes = tuple(errors)
    for beginning, reason in FAILURES:
        if any(code.startswith(beginning) for code in codes):
            return reason
    return FailureReason.PROCESSING_FAILURE


def warning_reason(warnings: Iterable[str]) -> WarningReason | None:
    """The warning with which an instance was stored, if any.

    Args:
        warnings: codes of findings.
    """
    if all(code.startswith(SILENT) for code in warnings):
        return None
    return WarningReason.DOES_NOT_MATCH_SOP_CLASS
