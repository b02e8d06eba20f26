"""Which instance of a study its picture shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from descriptor.unrenderable import UnrenderableError

_ON_TOP_OF_OTHERS = frozenset({"SEG", "RTDOSE"})
"""Modalities whose images belong on top of others, which are the better preview."""


def choose(instances: Sequence[Mapping[str, Any]]) -> int:
    """The middle instance, by Instance Number, of the series with the most frames.

    Args:
        instances: the values of each by keyword: Modality, SeriesInstanceUID, InstanceNumber, Rows,
            Columns, NumberOfFrames, as far as it has them.

    Returns:
        Its index.

    Raises:
        UnrenderableError: there is no image.
    """
    series: dict[str, list[int]] = {}
    for index, values in enumerate(instances):
        if values.get("Rows") and values.get("Columns"):
            series.setdefault(values.get("SeriesInstanceUID", ""), []).append(index)
    if not series:
        raise UnrenderableError("no-image")

    def weight(images: Sequence[int]) -> tuple[bool, float]:
        modality = instances[images[0]].get("Modality")
        frames = (_number(instances[image].get("NumberOfFrames"), 1) for image in images)
        return modality not in _ON_TOP_OF_OTHERS, sum(frames)

    largest = max(series.values(), key=weight)
    in_order = sorted(largest, key=lambda image: _number(instances[image].get("InstanceNumber"), 0))
    return in_order[len(in_order) // 2]


def _number(value: Any, otherwise: int) -> float:  # noqa: ANN401 -- any JSON value
    return value if isinstance(value, int | float) else otherwise
