"""/dicom-web: instances are stored by STOW-RS and retrieved by WADO-RS (PS3.18 10.4, 10.5)."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from contracts.model import DicomUid
from gateway.dicomweb.models import Dataset
from gateway.dicomweb.resources import Resource
from gateway.dicomweb.retrieval import Retrieval
from gateway.dicomweb.stow import StowService
from gateway.http.documentation import BINARY, file_download
from gateway.http.negotiation import DICOM, DICOM_JSON, MULTIPART, Accept
from gateway.http.paths import DICOMWEB
from gateway.uploads.errors import REFUSALS

_UNANSWERED = (
    ProblemType.NOT_ACCEPTABLE,
    ProblemType.INDEX_UNAVAILABLE,
    ProblemType.INDEX_INCOMPLETE,
)
_FILE = {"schema": BINARY}
_DATASET = {"$ref": "#/components/schemas/Dataset"}
_DATASETS = {"type": "array", "items": _DATASET}
_STORED = {
    200: "All instances are stored, or were stored before.",
    202: "Some instances are stored.",
    409: "No instance is stored.",
}


def _retrieval(success: dict[str, Any], *unknown: ProblemType) -> dict[str, Any]:
    """The documentation of a WADO-RS route."""
    return {
        "response_class": Response,
        "responses": {
            200: success,
            **documented(ProblemType.UNKNOWN_STUDY, *unknown, *_UNANSWERED),
        },
    }


def _instances(*unknown: ProblemType) -> dict[str, Any]:
    return _retrieval({"content": {MULTIPART: _FILE}}, *unknown)


def _metadata(*unknown: ProblemType) -> dict[str, Any]:
    # FastAPI adds the content of `application/json` for the model.
    success = {"model": list[Dataset], "content": {DICOM_JSON: {"schema": _DATASETS}}}
    return _retrieval(success, *unknown)


def _instance() -> dict[str, Any]:
    documentation = file_download(
        DICOM, problems=(ProblemType.UNKNOWN_STUDY, *_INSTANCE, *_UNANSWERED)
    )
    documentation["responses"][200]["content"][MULTIPART] = _FILE
    return documentation


_SERIES = (ProblemType.UNKNOWN_SERIES,)
_INSTANCE = (ProblemType.UNKNOWN_SERIES, ProblemType.UNKNOWN_INSTANCE)
_STOW: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        **documented(
            *REFUSALS,
            ProblemType.NOT_ACCEPTABLE,
            ProblemType.OUTCOME_PENDING,
            ProblemType.TOO_MANY_UPLOADS,
            ProblemType.TOO_MANY_WAITING,
            ProblemType.EVENT_BUS_UNAVAILABLE,
        ),
        **{
            status: {
                "description": f"{description} The body is the Store Instances Response (PS3.18 I)",
                "model": Dataset,
                "content": {DICOM_JSON: {"schema": _DATASET}},
            }
            for status, description in _STORED.items()
        },
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "description": f'Instances as parts, `{MULTIPART}; type="{DICOM}"`, or one instance.',
            "content": {
                MULTIPART: {
                    "schema": {
                        "type": "object",
                        "required": ["instance"],
                        "properties": {"instance": BINARY},
                    }
                },
                DICOM: _FILE,
            },
        }
    },
}

Study = Annotated[DicomUid, Path(description="The Study Instance UID.")]
Series = Annotated[DicomUid, Path(description="The Series Instance UID.")]
Instance = Annotated[DicomUid, Path(description="The SOP Instance UID.")]
Retrieve = Annotated[Retrieval, provided(Retrieval)]
Store = Annotated[StowService, provided(StowService)]


async def _accepted(
    request: Request,
    accept: Annotated[
        list[str] | None, Query(description="Takes precedence over the header `Accept`.")
    ] = None,
) -> Accept:
    return Accept.of(request.headers.getlist("accept"), accept or [])


Accepted = Annotated[Accept, Depends(_accepted)]

router = Router(prefix=DICOMWEB, tags=["dicomweb"])


@router.post("/studies", summary="Store instances (STOW-RS)", **_STOW)
async def store_instances(request: Request, accept: Accepted, stow: Store) -> Response:
    """Stores instances, waits for their outcome and returns it for each, with a reason.

    If that takes too long the response is 503 `outcome-pending`: the instances are not lost, and
    an instance that is sent again is stored once.
    """
    return await stow.store(request, accept)


@router.post("/studies/{study}", summary="Store instances of a study (STOW-RS)", **_STOW)
async def store_instances_in_study(
    study: Study, request: Request, accept: Accepted, stow: Store
) -> Response:
    """As `POST /dicom-web/studies`, but rejects instances of another study."""
    return await stow.store(request, accept, study)


@router.get("/studies/{study}", summary="Retrieve a study (WADO-RS)", **_instances())
async def retrieve_study(
    study: Study, request: Request, accept: Accepted, retrieval: Retrieve
) -> Response:
    """Returns all instances of a study as parts, byte for byte as they were uploaded."""
    return await retrieval.instances(Resource(study), accept, request)


@router.get(
    "/studies/{study}/metadata", summary="Retrieve the metadata of a study (WADO-RS)", **_metadata()
)
async def retrieve_study_metadata(
    study: Study, request: Request, accept: Accepted, retrieval: Retrieve
) -> Response:
    """Returns the data sets of all instances of a study, without bulk data."""
    return await retrieval.metadata(Resource(study), accept, request)


@router.get(
    "/studies/{study}/series/{series}",
    summary="Retrieve a series (WADO-RS)",
    **_instances(*_SERIES),
)
async def retrieve_series(
    study: Study, series: Series, request: Request, accept: Accepted, retrieval: Retrieve
) -> Response:
    """Returns all instances of a series as parts, byte for byte as they were uploaded."""
    return await retrieval.instances(Resource(study, series), accept, request)


@router.get(
    "/studies/{study}/series/{series}/metadata",
    summary="Retrieve the metadata of a series (WADO-RS)",
    **_metadata(*_SERIES),
)
async def retrieve_series_metadata(
    study: Study, series: Series, request: Request, accept: Accepted, retrieval: Retrieve
) -> Response:
    """Returns the data sets of all instances of a series, without bulk data."""
    return await retrieval.metadata(Resource(study, series), accept, request)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}",
    summary="Retrieve an instance (WADO-RS)",
    **_instance(),
)
async def retrieve_instance(
    study: Study,
    series: Series,
    instance: Instance,
    *,
    request: Request,
    accept: Accepted,
    retrieval: Retrieve,
) -> Response:
    """Returns an instance byte for byte as it was uploaded, as the only part or by itself.

    Only an instance by itself has a version and ranges; its `ETag` is the SHA-256 of its bytes.
    """
    return await retrieval.instances(Resource(study, series, instance), accept, request)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/metadata",
    summary="Retrieve the metadata of an instance (WADO-RS)",
    **_metadata(*_INSTANCE),
)
async def retrieve_instance_metadata(
    study: Study,
    series: Series,
    instance: Instance,
    *,
    request: Request,
    accept: Accepted,
    retrieval: Retrieve,
) -> Response:
    """Returns the data set of an instance, without bulk data, in an array."""
    return await retrieval.metadata(Resource(study, series, instance), accept, request)
