"""The Store Instances Response Module (PS3.18 I.1) in the DICOM JSON Model."""

from collections.abc import Sequence
from typing import Any

from contracts.model import is_uid
from gateway.dicomweb.failure_reasons import FailureReason, WarningReason
from gateway.dicomweb.resources import Resource
from gateway.dicomweb.stow_results import Result

REFERENCED_SOP_CLASS_UID = "00081150"
REFERENCED_SOP_INSTANCE_UID = "00081155"
RETRIEVE_URL = "00081190"
WARNING_REASON = "00081196"
FAILURE_REASON = "00081197"
FAILED_SOP_SEQUENCE = "00081198"
REFERENCED_SOP_SEQUENCE = "00081199"
OTHER_FAILURES_SEQUENCE = "0008119A"

Attributes = dict[str, Any]


def store_response(results: Sequence[Result], base_url: str) -> tuple[int, Attributes]:
    """The HTTP status and the data set with the result of each file.

    A file that was not stored and has no SOP Instance UID is an item of the Other Failures
    Sequence. Invalid UIDs are left out, so that the response has no untrusted text.

    Args:
        results: those of the files, in the order in which they were sent.
        base_url: address of the gateway, without a slash at its end.
    """
    stored = [result for result in results if result.failure is None]
    failed, nameless = [], []
    for result in results:
        if result.failure:
            item = _reason(FAILURE_REASON, result.failure)
            if is_uid(result.identity.sop_instance_uid):
                failed.append(_reference(result) | item)
            else:
                nameless.append(item)
    sequences = {
        FAILED_SOP_SEQUENCE: failed,
        REFERENCED_SOP_SEQUENCE: [_stored(result, base_url) for result in stored],
        OTHER_FAILURES_SEQUENCE: nameless,
    }
    response: Attributes = {
        RETRIEVE_URL: _study_url(stored, base_url),
        **{tag: {"vr": "SQ", "Value": items} for tag, items in sequences.items() if items},
    }
    if len(stored) == len(results):
        return 200, response
    return (202 if stored else 409), response


def _study_url(stored: Sequence[Result], base_url: str) -> Attributes:
    """The URL of the study; empty if there are several."""
    studies = {result.identity.study_instance_uid for result in stored}
    return _url(Resource(studies.pop()) if len(studies) == 1 else None, base_url)


def _stored(result: Result, base_url: str) -> Attributes:
    identity = result.identity
    resource = Resource(
        identity.study_instance_uid, identity.series_instance_uid, identity.sop_instance_uid
    )
    item = {**_reference(result), RETRIEVE_URL: _url(resource, base_url)}
    return item | _reason(WARNING_REASON, result.warning) if result.warning else item


def _reference(result: Result) -> Attributes:
    """The SOP Instance Reference Macro (PS3.3 Table 10-11)."""
    return {
        REFERENCED_SOP_CLASS_UID: _uid(result.identity.sop_class_uid),
        REFERENCED_SOP_INSTANCE_UID: _uid(result.identity.sop_instance_uid),
    }


def _uid(text: str) -> Attributes:
    return {"vr": "UI", "Value": [text]} if is_uid(text) else {"vr": "UI"}


def _url(resource: Resource | None, base_url: str) -> Attributes:
    if resource is None or not resource.is_valid:
        return {"vr": "UR"}
    return {"vr": "UR", "Value": [base_url + resource.path]}


def _reason(tag: str, reason: FailureReason | WarningReason) -> Attributes:
    return {tag: {"vr": "US", "Value": [int(reason)]}}
