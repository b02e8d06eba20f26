"""What each route means for the audit log: the one table; a test fails if a route is not in it."""

from collections.abc import Mapping

from gateway.audit.record import Kind

_STUDY = "/studies/{study_id}"
_QUARANTINED = "/quarantine/{study_id}"
_FILE = f"{_QUARANTINED}/files/{{file}}"
_LETTER = "/dead-letters/{letter_id}"
_WADO_STUDY = "/dicom-web/studies/{study}"
_WADO_SERIES = f"{_WADO_STUDY}/series/{{series}}"
_WADO_INSTANCE = f"{_WADO_SERIES}/instances/{{instance}}"

AUDITED: Mapping[str, Mapping[str, Kind]] = {
    "/upload": {"POST": Kind.UPLOAD},
    "/studies": {"GET": Kind.QUERY},
    _STUDY: {"GET": Kind.READ, "DELETE": Kind.DELETE},
    f"{_STUDY}/report": {"GET": Kind.READ},
    f"{_STUDY}/metadata": {"GET": Kind.READ},
    f"{_STUDY}/instances/{{sop_instance_uid}}": {"GET": Kind.EXPORT},
    f"{_STUDY}/archive.zip": {"GET": Kind.EXPORT},
    f"{_STUDY}/preview.png": {"GET": Kind.EXPORT},
    "/dicom-web/studies": {"POST": Kind.UPLOAD},
    _WADO_STUDY: {"GET": Kind.EXPORT, "POST": Kind.UPLOAD},
    f"{_WADO_STUDY}/metadata": {"GET": Kind.READ},
    _WADO_SERIES: {"GET": Kind.EXPORT},
    f"{_WADO_SERIES}/metadata": {"GET": Kind.READ},
    _WADO_INSTANCE: {"GET": Kind.EXPORT},
    f"{_WADO_INSTANCE}/metadata": {"GET": Kind.READ},
    "/quarantine": {"GET": Kind.QUERY},
    "/quarantine/purge": {"POST": Kind.DELETE},
    _QUARANTINED: {"GET": Kind.READ, "DELETE": Kind.DELETE},
    f"{_QUARANTINED}/resubmit": {"POST": Kind.CHANGE},
    _FILE: {"GET": Kind.EXPORT, "DELETE": Kind.DELETE},
    f"{_FILE}/resubmit": {"POST": Kind.CHANGE},
    "/dead-letters/replay": {"POST": Kind.CHANGE},
    _LETTER: {"DELETE": Kind.CHANGE},
    f"{_LETTER}/replay": {"POST": Kind.CHANGE},
}
"""Routes of which every request is recorded, whatever its outcome."""

NOT_AUDITED: Mapping[str, str] = {
    "/health/live": "nothing of a study",
    "/health/ready": "nothing of a study",
    "/metrics": "nothing of a study",
    "/": "the same for everyone",
    "/docs": "the same for everyone",
    "/asyncapi": "the same for everyone",
    "/pages/{version}/{name}": "the same for everyone",
    "/openapi.json": "the same for everyone",
    "/asyncapi.yaml": "the same for everyone",
    "/asyncapi.json": "the same for everyone",
    "/status/{study_id}": "states and counts, polled by each client that waits",
    "/events": "identifiers and counts only",
    "/events/stream": "identifiers and counts only",
    "/dead-letters": "identifiers and reasons only",
    _LETTER: "reading one: identifiers and reasons only",
}
"""Routes of which only refusals are recorded, and why."""

REFUSALS = frozenset({401, 403, 421, 429})
"""Statuses that are recorded whatever the route: not allowed, another host, too many."""


def kind_of(route: str, method: str) -> Kind | None:
    """The kind of a request; None if it is not audited."""
    return AUDITED.get(route, {}).get("GET" if method == "HEAD" else method)
