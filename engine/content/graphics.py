"""The coordinates of content items: their number, and what they make (PS3.3 C.18.6 to C.18.9)."""

from collections.abc import Iterator, Sequence
from math import dist, hypot, isfinite
from struct import unpack
from typing import NamedTuple

from engine.content.items import ContentItem
from engine.encoding.elements import Element
from engine.rules import sr as rules
from engine.tags import (
    GRAPHIC_DATA,
    GRAPHIC_TYPE,
    REFERENCED_DATE_TIME,
    REFERENCED_SAMPLE_POSITIONS,
    REFERENCED_TIME_OFFSETS,
    TEMPORAL_RANGE_TYPE,
)
from engine.violation import RuleViolation, Violation

Point = tuple[float, ...]

_MOST_BYTES = 1 << 20
"""How many bytes of coordinates are read of one item."""
_TOLERANCE = 0.02
"""By what part of its size a figure may differ from a plane or a right angle."""


class _Count(NamedTuple):
    """How many points there are."""

    least: int
    most: int | None

    def allows(self, number: int) -> bool:
        return number >= self.least and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"{self.least} or more points"
        return f"{self.least} point{'s' * (self.least > 1)}"


_FLAT = {
    "POINT": _Count(1, 1),
    "MULTIPOINT": _Count(1, None),
    "POLYLINE": _Count(2, None),
    "CIRCLE": _Count(2, 2),
    "ELLIPSE": _Count(4, 4),
}
_SPATIAL = {
    "POINT": _Count(1, 1),
    "MULTIPOINT": _Count(1, None),
    "POLYLINE": _Count(2, None),
    "POLYGON": _Count(4, None),
    "ELLIPSE": _Count(4, 4),
    "ELLIPSOID": _Count(6, 6),
}
_SECTIONS = {"SCOORD": "PS3.3 C.18.6.1.2", "SCOORD3D": "PS3.3 C.18.9.1.2"}
_TEMPORAL = {
    "POINT": _Count(1, 1),
    "MULTIPOINT": _Count(1, None),
    "SEGMENT": _Count(2, 2),
    "MULTISEGMENT": _Count(2, None),
    "BEGIN": _Count(1, 1),
    "END": _Count(1, 1),
}
_MOMENTS = (REFERENCED_SAMPLE_POSITIONS, REFERENCED_TIME_OFFSETS, REFERENCED_DATE_TIME)


def graphic_violations(item: ContentItem) -> Iterator[RuleViolation]:
    """What is wrong with the coordinates of an item; nothing of items without any."""
    value_type = item.value_type
    if value_type in _SECTIONS:
        section = _SECTIONS[value_type]
        for rule, violation in _spatial(item, is_flat=value_type == "SCOORD"):
            yield rule, violation._replace(section=section)
    elif value_type == "TCOORD":
        yield from _temporal(item)


def _spatial(item: ContentItem, *, is_flat: bool) -> Iterator[RuleViolation]:
    data, kind = item.element(GRAPHIC_DATA), item.text(GRAPHIC_TYPE)
    count = (_FLAT if is_flat else _SPATIAL).get(kind)
    if data is None or count is None:
        return
    size = 2 if is_flat else 3
    number, rest = divmod(data.length, 4 * size)
    if rest or not count.allows(number):
        found = f"{data.length // 4} numbers" if rest else f"{number} points"
        yield rules.GRAPHIC_POINTS, Violation(data, f"{count} of {size} numbers ({kind})", found)
        return
    points = _points(data, size)
    if not all(isfinite(number) for point in points for number in point):
        return  # the rules of values report that
    if kind == "POLYGON" and points[0] != points[-1] and data.length <= _MOST_BYTES:
        yield rules.GRAPHIC_OPEN, Violation(data, "the last point equal to the first", "another")
    is_ellipse = kind == "ELLIPSE"
    is_plane = size == 3 and (is_ellipse or kind == "POLYGON")
    if is_plane and not _are_planar(points, is_ellipse=is_ellipse):
        yield rules.GRAPHIC_PLANE, Violation(data, "points in a plane", "others")
    if kind in _AXES and not _are_axes(points):
        yield (
            rules.GRAPHIC_AXES,
            Violation(data, "axes that halve each other at right angles", kind),
        )
    if is_flat and any(number < 0 for point in points for number in point):
        yield rules.GRAPHIC_OUTSIDE, Violation(data, "numbers from 0", "less")


def _points(data: Element, size: int) -> list[Point]:
    value = data.value(_MOST_BYTES - _MOST_BYTES % (4 * size))
    order = "<" if data.elements.byte_order == "little" else ">"
    numbers = unpack(f"{order}{len(value) // 4}f", value)
    return list(zip(*[iter(numbers)] * size, strict=True))


def _are_planar(points: Sequence[Point], *, is_ellipse: bool) -> bool:
    """Whether no point is far from the plane that fits the polygon (Newell's method)."""
    normal = [0.0, 0.0, 0.0]
    center = [sum(values) / len(points) for values in zip(*points, strict=True)]
    around = [tuple(a - b for a, b in zip(point, center, strict=True)) for point in points]
    if is_ellipse:  # the ends of two axes, which are not in the order around the figure
        around = [around[0], around[2], around[1], around[3]]
    for one, other in zip(around, [*around[1:], around[0]], strict=True):
        for axis in range(3):
            left, right = (axis + 1) % 3, (axis + 2) % 3
            normal[axis] += (one[left] - other[left]) * (one[right] + other[right])
    length = hypot(*normal)
    size = max(hypot(*point) for point in around)
    if not length or not size:  # points on a line are in some plane
        return True
    return all(
        abs(sum(a * b for a, b in zip(point, normal, strict=True))) <= _TOLERANCE * size * length
        for point in around
    )


_AXES = {"ELLIPSE", "ELLIPSOID"}


def _are_axes(points: Sequence[Point]) -> bool:
    """Whether pairs of points are the ends of axes with one center, at right angles."""
    pairs = list(zip(points[::2], points[1::2], strict=True))
    longest = max(dist(*pair) for pair in pairs)
    if not longest:
        return True
    vectors = [[b - a for a, b in zip(*pair, strict=True)] for pair in pairs]
    centers = [tuple((a + b) / 2 for a, b in zip(*pair, strict=True)) for pair in pairs]
    # Coordinates are often whole pixels.
    near = max(_TOLERANCE * longest, 1.0)
    if any(dist(centers[0], center) > near for center in centers):
        return False
    return all(
        abs(sum(a * b for a, b in zip(one, other, strict=True)))
        <= max(hypot(*one), hypot(*other)) * near
        for index, one in enumerate(vectors)
        for other in vectors[:index]
    )


def _temporal(item: ContentItem) -> Iterator[RuleViolation]:
    kind = item.text(TEMPORAL_RANGE_TYPE)
    moments = [moment for tag in _MOMENTS if (moment := item.element(tag)) is not None]
    if len(moments) > 1:
        expected = "sample positions, time offsets or dates"
        yield rules.TEMPORAL, Violation(moments[1], expected, f"{len(moments)} of them")
    count = _TEMPORAL.get(kind)
    if count is None or not moments:
        return
    number = _number(moments[0])
    if not count.allows(number) or (kind == "MULTISEGMENT" and number % 2):
        expected = "pairs of moments" if kind == "MULTISEGMENT" else f"{count} ({kind})"
        yield rules.TEMPORAL, Violation(moments[0], expected, f"{number}")


def _number(moments: Element) -> int:
    if moments.elements.tags[moments.row] == REFERENCED_SAMPLE_POSITIONS:
        return moments.length // 4
    return moments.value(_MOST_BYTES).count(b"\\") + 1
