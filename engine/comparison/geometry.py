"""The geometry of a series: whether its slices make one even stack (PS3.3 C.7.6.2.1.1)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from engine.comparison.summary import Plane

_COSINE_TOLERANCE = 1e-3
"""By how much the direction cosines of parallel slices may differ."""
_POSITION_TOLERANCE = 0.01
"""Slices that are closer together than this many mm are in one place."""
_STEP_TOLERANCE = 0.02
"""By how much a step may differ from the others: in mm, and as a part of the step."""
_FEWEST = 3
"""The fewest positions that have a spacing."""
_MOST_ORIENTATIONS = 64
"""Beyond this many a series is no stack in any case (radial acquisitions)."""


@dataclass(frozen=True)
class Stack:
    """Parallel slices.

    Attributes:
        step: distance between neighbours in mm; None for fewer than three positions.
        missing: number of slices that gaps of whole steps, or positions visited less often than
            the others, indicate.
        uneven: number of distances that are no whole number of steps.
    """

    step: float | None = None
    missing: int = 0
    uneven: int = 0


def stacks(planes: Iterable[Plane]) -> list[Stack]:
    """The stacks that slices make, one for each orientation; at most a bounded number.

    Slices in one place (time points, diffusion directions, echoes) count as one position.
    """
    groups: list[tuple[tuple[float, ...], list[float]]] = []
    for plane in planes:
        group = _group_of(plane.orientation, groups)
        if group is not None:
            normal = _normal(group[0])
            position = sum(n * p for n, p in zip(normal, plane.position, strict=True))
            group[1].append(position)
    return [_stack(positions) for _, positions in groups]


def _group_of(
    orientation: tuple[float, ...], groups: list[tuple[tuple[float, ...], list[float]]]
) -> tuple[tuple[float, ...], list[float]] | None:
    for group in groups:
        if all(abs(a - b) <= _COSINE_TOLERANCE for a, b in zip(group[0], orientation, strict=True)):
            return group
    if len(groups) == _MOST_ORIENTATIONS:
        return None
    groups.append((orientation, []))
    return groups[-1]


def _normal(orientation: Sequence[float]) -> tuple[float, float, float]:
    a, b, c, d, e, f = orientation
    return b * f - c * e, c * d - a * f, a * e - b * d


def _stack(positions: list[float]) -> Stack:
    positions.sort()
    places = [positions[0]]
    visits = [0]
    for position in positions:
        if position - places[-1] > _POSITION_TOLERANCE:
            places.append(position)
            visits.append(0)
        visits[-1] += 1
    if len(places) < _FEWEST:
        return Stack()
    steps = [after - before for before, after in pairwise(places)]
    step = median_low(steps)
    tolerance = max(_STEP_TOLERANCE, _STEP_TOLERANCE * step)
    missing = uneven = 0
    for distance in steps:
        whole = round(distance / step)
        if whole >= 2 and abs(distance - whole * step) <= whole * tolerance:
            missing += whole - 1
        elif abs(distance - step) > tolerance:
            uneven += 1
    return Stack(step, missing + _missed_visits(visits), uneven)


def _missed_visits(visits: list[int]) -> int:
    usual, places = Counter(visits).most_common(1)[0]
    if usual == 1 or places * 2 <= len(visits):
        return 0
    return sum(usual - count for count in visits if count < usual)
