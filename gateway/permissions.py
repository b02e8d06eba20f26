"""What each route of the gateway requires: the one table. A test fails if a route is not in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from chassis.access.caller import Scope


class Labels(Enum):
    """How a route keeps callers that are bound to labels to the studies with these labels."""

    STUDY = auto()
    """The guard compares the label of the study in the path before the route is called."""
    ROUTE = auto()
    """The route itself uses, or filters by, the labels of its caller."""
    REFUSED = auto()
    """It does not: it is for callers that are bound to no label."""


@dataclass(frozen=True)
class Rule:
    """What a caller needs for a route.

    Attributes:
        scopes: one of them is required; none of them, not even a key, if there are none.
        labels: how callers that are bound to labels are kept to them.
        services: whether the token of the services is enough.
    """

    scopes: tuple[Scope, ...]
    labels: Labels = Labels.REFUSED
    services: bool = False


_OPEN = Rule(())
_ADMIN = Rule((Scope.ADMIN,))
_READ_STUDY = Rule((Scope.READ,), Labels.STUDY)
_READ = Rule((Scope.READ,), Labels.ROUTE)
_UPLOAD = Rule((Scope.UPLOAD,), Labels.ROUTE)

_STUDY = "/studies/{study_id}"
_QUARANTINED = "/quarantine/{study_id}"
_FILE = f"{_QUARANTINED}/files/{{file}}"
_LETTER = "/dead-letters/{letter_id}"
_WADO_STUDY = "/dicom-web/studies/{study}"
_WADO_SERIES = f"{_WADO_STUDY}/series/{{series}}"
_WADO_INSTANCE = f"{_WADO_SERIES}/instances/{{instance}}"

RULES: Mapping[str, Mapping[str, Rule]] = {
    # A load balancer has no key, and the pages and documents are the same everywhere.
    "/health/live": {"GET": _OPEN},
    "/health/ready": {"GET": _OPEN},
    "/": {"GET": _OPEN},
    "/docs": {"GET": _OPEN},
    "/asyncapi": {"GET": _OPEN},
    "/pages/{version}/{name}": {"GET": _OPEN},
    "/openapi.json": {"GET": _OPEN},
    "/asyncapi.yaml": {"GET": _OPEN},
    "/asyncapi.json": {"GET": _OPEN},
    "/metrics": {"GET": Rule((Scope.ADMIN,), services=True)},
    # Uploads
    "/upload": {"POST": _UPLOAD},
    "/dicom-web/studies": {"POST": _UPLOAD},
    # Studies
    "/status/{study_id}": {"GET": Rule((Scope.READ, Scope.UPLOAD), Labels.STUDY)},
    "/studies": {"GET": _READ},
    _STUDY: {"GET": _READ_STUDY, "DELETE": Rule((Scope.DELETE,), Labels.STUDY)},
    f"{_STUDY}/report": {"GET": _READ_STUDY},
    f"{_STUDY}/metadata": {"GET": _READ_STUDY},
    f"{_STUDY}/instances/{{sop_instance_uid}}": {"GET": _READ_STUDY},
    f"{_STUDY}/archive.zip": {"GET": _READ_STUDY},
    f"{_STUDY}/preview.png": {"GET": _READ_STUDY},
    # DICOMweb
    _WADO_STUDY: {"GET": _READ, "POST": _UPLOAD},
    f"{_WADO_STUDY}/metadata": {"GET": _READ},
    _WADO_SERIES: {"GET": _READ},
    f"{_WADO_SERIES}/metadata": {"GET": _READ},
    _WADO_INSTANCE: {"GET": _READ},
    f"{_WADO_INSTANCE}/metadata": {"GET": _READ},
    # Events
    "/events": {"GET": _READ},
    "/events/stream": {"GET": _READ},
    # Quarantine
    "/quarantine": {"GET": Rule((Scope.QUARANTINE,), Labels.ROUTE)},
    "/quarantine/purge": {"POST": Rule((Scope.DELETE,), Labels.ROUTE)},
    _QUARANTINED: {
        "GET": Rule((Scope.QUARANTINE,), Labels.STUDY),
        "DELETE": Rule((Scope.DELETE,), Labels.STUDY),
    },
    f"{_QUARANTINED}/resubmit": {"POST": Rule((Scope.QUARANTINE,), Labels.STUDY)},
    _FILE: {
        "GET": Rule((Scope.QUARANTINE,), Labels.STUDY),
        "DELETE": Rule((Scope.DELETE,), Labels.STUDY),
    },
    f"{_FILE}/resubmit": {"POST": Rule((Scope.QUARANTINE,), Labels.STUDY)},
    # Dead letters: messages of all studies
    "/dead-letters": {"GET": _ADMIN},
    "/dead-letters/replay": {"POST": _ADMIN},
    _LETTER: {"GET": _ADMIN, "DELETE": _ADMIN},
    f"{_LETTER}/replay": {"POST": _ADMIN},
}


def rule_for(path: str, method: str) -> Rule | None:
    """The rule for a route; None if the table does not have it.

    Args:
        path: of the route, with the names of its parameters.
        method: of the request; HEAD is as GET.
    """
    methods = RULES.get(path)
    return methods.get("GET" if method == "HEAD" else method) if methods else None
