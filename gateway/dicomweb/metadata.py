"""Returns data sets in the DICOM JSON Model, without bulk data (PS3.18 10.4.1.1.2, Annex F)."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from gateway.dicomweb.resources import Found


def metadata(found: Sequence[Found]) -> Iterator[bytes]:
    """The data sets of instances as one JSON array, read while it is sent. Blocks."""
    before = b"["
    for place in found:
        for instance, dataset in zip(place.instances, place.folder.datasets(), strict=True):
            if instance:
                yield before + without_bulk_data(dataset)
                before = b","
    yield b"]"


def without_bulk_data(dataset: bytes) -> bytes:
    """A data set without the attributes whose values are bulk data.

    Without a URL of its value, such an attribute would look empty.
    """
    if b'"BulkDataURI"' not in dataset:
        return dataset
    return orjson.dumps(_inline(orjson.loads(dataset)))


def _inline(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        tag: {**attribute, "Value": [_inline(item) for item in attribute["Value"]]}
        if attribute["vr"] == "SQ" and "Value" in attribute
        else attribute
        for tag, attribute in attributes.items()
        if "BulkDataURI" not in attribute
    }
