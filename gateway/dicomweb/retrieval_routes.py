"""WADO-RS: GET /studies/{study}/series/…: instances and metadata, by their UIDs.

A whole study is retrieved where our own studies are, see `gateway.browsing.study_routes`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from contracts.model import DicomUid
from gateway.dicomweb.resources import Resource
from gateway.dicomweb.retrieval import Retrieval
from gateway.http.negotiation import DICOM, DICOM_JSON, JSON, MULTIPART, Accept
from gateway.http.reading import reading

BINARY = {"schema": {"type": "string", "format": "binary"}}
DATASET = {
    "type": "object",
    "description": "Attributes by their tags: the DICOM JSON Model (PS3.18 F).",
    "propertyNames": {"pattern": "^[0-9A-F]{8}$"},
    "additionalProperties": {
        "type": "object",
        "required": ["vr"],
        "properties": {"vr": {"type": "string"}, "Value": {"type": "array"}},
    },
}
DATASETS = {"schema": {"type": "array", "items": DATASET}}


def accepted(
    request: Request,
    accept: Annotated[
        list[str] | None, Query(description="Counts more than the header `Accept`.")
    ] = None,
) -> Accept:
    """What the client accepts."""
    return Accept.of(request.headers.getlist("accept"), accept or [])


def _series(study: DicomUid, series: DicomUid) -> Resource:
    return Resource(study, series)


def _instance(study: DicomUid, series: DicomUid, instance: DicomUid) -> Resource:
    return Resource(study, series, instance)


Accepted = Annotated[Accept, Depends(accepted)]
Series = Annotated[Resource, Depends(_series)]
Instance = Annotated[Resource, Depends(_instance)]


def retrieval_router(retrieval: Retrieval) -> APIRouter:
    """The routes that give out what is in the archive by DICOM UIDs."""
    router = APIRouter(tags=["dicomweb"])
    many = _documented({MULTIPART: BINARY})
    one = _documented({MULTIPART: BINARY, DICOM: BINARY})
    metadata = _documented({DICOM_JSON: DATASETS, JSON: DATASETS})
    series_path = "/studies/{study}/series/{series}"
    instance_path = f"{series_path}/instances/{{instance}}"

    @reading(router, series_path, summary="Retrieve a series (WADO-RS)", **many)
    async def series_instances(series: Series, accept: Accepted) -> Response:
        """All instances of a series as parts, byte for byte as they arrived."""
        return await retrieval.instances(series, accept)

    @reading(router, f"{series_path}/metadata", summary="Retrieve a series' metadata", **metadata)
    async def series_metadata(series: Series, accept: Accepted) -> Response:
        """The data sets of all instances of a series, their bulk data left out."""
        return await retrieval.metadata(series, accept)

    @reading(router, instance_path, summary="Retrieve an instance (WADO-RS)", **one)
    async def instance_file(instance: Instance, accept: Accepted) -> Response:
        """An instance, byte for byte as it arrived: as the only part, or by itself."""
        return await retrieval.instances(instance, accept)

    @reading(
        router, f"{instance_path}/metadata", summary="Retrieve an instance's metadata", **metadata
    )
    async def instance_metadata(instance: Instance, accept: Accepted) -> Response:
        """The data set of an instance, its bulk data left out; in an array as the others."""
        return await retrieval.metadata(instance, accept)

    return router


def _documented(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "response_class": Response,
        "responses": {
            200: {"content": content},
            **documented(
                ProblemType.UNKNOWN_STUDY,
                ProblemType.UNKNOWN_SERIES,
                ProblemType.UNKNOWN_INSTANCE,
                ProblemType.NOT_ACCEPTABLE,
                ProblemType.INDEX_UNAVAILABLE,
                ProblemType.INDEX_INCOMPLETE,
            ),
        },
    }
