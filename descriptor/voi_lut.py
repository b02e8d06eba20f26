"""From values to brightness: the VOI LUT or window of an image (PS3.3 C.11.2), or its range."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.multival import MultiValue

Values = np.ndarray[Any, np.dtype[Any]]
Transformation = Callable[[Values], Values]
"""Turns values after the modality LUT into shares of full brightness, about 0 to 1."""

_PERCENTILES = (0.5, 99.5)


def voi_lut(dataset: Dataset, seen: Values) -> Transformation:
    """The VOI LUT of a frame; without one its window, without a window the range of its values.

    Args:
        dataset: describes the frame. The first of several VOI LUTs or windows is used.
        seen: some of the values.
    """
    for item in list(dataset.get("VOILUTSequence") or [])[:1]:
        return _table(dataset, item)
    center, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if center is not None and width is not None and width > 0:
        return _window(dataset.get("VOILUTFunction") or "LINEAR", center, width)
    return _range(seen)


def _table(dataset: Dataset, item: Dataset) -> Transformation:
    count, first, bits = (int(number) for number in item.LUTDescriptor)
    data = item.LUTData
    if isinstance(data, bytes):
        word = "u1" if len(data) <= (count or 1 << 16) else "u2"
        data = np.frombuffer(data, ("<" if dataset.original_encoding[1] else ">") + word)
    table = np.asarray(data, float)[: count or 1 << 16] / ((1 << bits) - 1)
    if dataset.get("PixelRepresentation") and first >= 1 << 15:
        first -= 1 << 16  # a negative number that was written as US
    return lambda values: table[np.clip(np.rint(values) - first, 0, len(table) - 1).astype(int)]


def _window(function: str, center: float, width: float) -> Transformation:
    if function == "SIGMOID":
        return lambda values: 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -50, 50)))
    if function == "LINEAR_EXACT":
        return lambda values: (values - center) / width + 0.5
    # A width of 1 gives two grey levels without a case of its own.
    return lambda values: (values - (center - 0.5)) / max(width - 1, 1e-6) + 0.5


def _range(seen: Values) -> Transformation:
    finite = seen[np.isfinite(seen)]
    if not finite.size:
        return np.zeros_like
    low, high = np.percentile(finite, _PERCENTILES)
    if low == high:  # a few bright pixels, such as those of a segment
        low, high = float(finite.min()), float(finite.max())
    return lambda values: (values - low) / max(high - low, 1e-6)


def _first(value: Any) -> float | None:  # noqa: ANN401  # one number, several, or none
    """The first of some numbers, if it is finite."""
    number = next(iter(value), None) if isinstance(value, MultiValue) else value
    return float(number) if number is not None and math.isfinite(float(number)) else None
