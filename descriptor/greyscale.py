"""From stored samples to brightness: modality LUT (PS3.3 C.11.1), then VOI LUT or window (C.11.2).

pydicom's windows keep the range of the stored values, which a picture does not have.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from descriptor.frame_attributes import FrameAttributes
from engine.tags import (
    LUT_DATA,
    LUT_DESCRIPTOR,
    MODALITY_LUT_SEQUENCE,
    RESCALE_INTERCEPT,
    RESCALE_SLOPE,
    VOI_LUT_FUNCTION,
    VOI_LUT_SEQUENCE,
    WINDOW_CENTER,
    WINDOW_WIDTH,
)

Values = np.ndarray[Any, np.dtype[Any]]
Transformation = Callable[[Values], Values]

_PERCENTILES = (0.5, 99.5)


def modality_lut(attributes: FrameAttributes) -> Transformation:
    """From stored samples to values that mean something, such as Hounsfield units."""
    if item := attributes.item(MODALITY_LUT_SEQUENCE):
        look_up, _ = _table(item)
        return look_up
    slope, intercept = attributes.number(RESCALE_SLOPE), attributes.number(RESCALE_INTERCEPT)
    if slope is None or intercept is None:
        return lambda samples: samples
    return lambda samples: samples * slope + intercept


def voi_lut(attributes: FrameAttributes, seen: Callable[[], Values]) -> Transformation:
    """From values to shares of full brightness, about 0 to 1.

    That is the first VOI LUT of a frame; without one its first window, and without a window the
    range of its values.

    Args:
        attributes: of the frame.
        seen: returns some of the values; called only if they decide.
    """
    if item := attributes.item(VOI_LUT_SEQUENCE):
        look_up, highest = _table(item)
        return lambda values: look_up(values) / highest
    center, width = attributes.number(WINDOW_CENTER), attributes.number(WINDOW_WIDTH)
    if center is not None and width is not None and width > 0:
        return _window(attributes.text(VOI_LUT_FUNCTION) or "LINEAR", center, width)
    return _range(seen())


def _table(item: FrameAttributes) -> tuple[Transformation, int]:
    """A look-up table, and its highest possible entry.

    Raises:
        ValueError: its descriptor or its data are not those of a table.
    """
    descriptor = item.lut(LUT_DESCRIPTOR)
    if descriptor is None:
        raise ValueError("no LUT descriptor")
    count, first, bits = descriptor
    data = item.raw(LUT_DATA)
    word = "u1" if len(data) <= count else "u2"
    entries = np.frombuffer(data, ("<" if item.little_endian else ">") + word).astype(float)[:count]
    last = len(entries) - 1

    def look_up(values: Values) -> Values:
        found: Values = entries[np.clip(np.rint(values) - first, 0, last).astype(int)]
        return found

    return look_up, (1 << bits) - 1


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
