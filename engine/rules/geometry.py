"""Rules of directions and distances in space, which positions and lengths are computed from."""

from collections.abc import Iterator
from math import hypot, isfinite

from contracts.report import Severity
from engine.encoding.elements import Element, Elements
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import (
    COLUMNS,
    COMPENSATOR_PIXEL_SPACING,
    DETECTOR_ELEMENT_SPACING,
    IMAGE_ORIENTATION_PATIENT,
    IMAGE_ORIENTATION_SLIDE,
    IMAGE_ORIENTATION_VOLUME,
    IMAGE_PLANE_PIXEL_SPACING,
    IMAGER_PIXEL_SPACING,
    NOMINAL_SCANNED_PIXEL_SPACING,
    OBJECT_PIXEL_SPACING_IN_CENTER_OF_BEAM,
    PIXEL_SPACING,
    PRESENTATION_PIXEL_SPACING,
    PRINTER_PIXEL_SPACING,
    ROWS,
    SLAB_ORIENTATION,
    VELOCITY_ENCODING_DIRECTION,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_ORIENTATIONS = frozenset(
    (
        IMAGE_ORIENTATION_PATIENT,
        IMAGE_ORIENTATION_VOLUME,
        IMAGE_ORIENTATION_SLIDE,
    )
)
"""Attributes with the directions of a row and of a column."""
_DIRECTIONS = frozenset(
    (
        VELOCITY_ENCODING_DIRECTION,
        SLAB_ORIENTATION,
    )
)
"""Attributes with one direction."""
_SPACINGS = frozenset(
    (
        IMAGER_PIXEL_SPACING,
        NOMINAL_SCANNED_PIXEL_SPACING,
        DETECTOR_ELEMENT_SPACING,
        OBJECT_PIXEL_SPACING_IN_CENTER_OF_BEAM,
        PIXEL_SPACING,
        PRESENTATION_PIXEL_SPACING,
        PRINTER_PIXEL_SPACING,
        IMAGE_PLANE_PIXEL_SPACING,
        COMPENSATOR_PIXEL_SPACING,
    )
)
"""Attributes with the distance of rows and that of columns, see PS3.3 10.7.1.3."""
_TOLERANCE = 1e-3
"""By how much a length may differ from 1, and the cosine of a right angle from 0: values are often
written with three or four decimals."""


@RULES.check(
    "geometry.not-unit",
    Severity.WARNING,
    "A direction is not a unit vector.",
    "PS3.3 C.7.6.2.1.1",
    why="Positions are computed with it: distances and volumes come out too long or too short, or "
    "the image cannot be placed in space at all.",
    fix="Write the direction cosines with enough decimals; leave the attribute out where there is "
    "no direction.",
)
def directions_are_unit_vectors(instance: Instance) -> Iterator[Violation]:
    """Of rows, columns, slabs and velocities, in the data set and in items."""
    for element in _elements(instance.dataset, _ORIENTATIONS | _DIRECTIONS):
        numbers = _numbers(element)
        if len(numbers) in {3, 6}:
            for vector in (numbers[:3], numbers[3:]):
                length = hypot(*vector)
                if vector and abs(length - 1) > _TOLERANCE:
                    yield Violation(element, "length 1", f"length {length:.4g}")
                    break


@RULES.check(
    "geometry.not-orthogonal",
    Severity.WARNING,
    "The directions of rows and columns are not at right angles.",
    "PS3.3 C.7.6.2.1.1",
    why="Reconstructions and measurements assume right angles; with others they are distorted.",
    fix="Write the direction cosines with enough decimals; resample images of a tilted gantry.",
)
def rows_and_columns_are_at_right_angles(instance: Instance) -> Iterator[Violation]:
    """Of what is not a unit vector, the angle says nothing more."""
    for element in _elements(instance.dataset, _ORIENTATIONS):
        numbers = _numbers(element)
        if len(numbers) == 6:
            row, column = numbers[:3], numbers[3:]
            are_units = all(abs(hypot(*vector) - 1) <= _TOLERANCE for vector in (row, column))
            cosine = sum(a * b for a, b in zip(row, column, strict=True))
            if are_units and abs(cosine) > _TOLERANCE:
                yield Violation(element, "a product of 0", f"{cosine:.4g}")


@RULES.check(
    "geometry.spacing",
    Severity.WARNING,
    "The distance of rows or columns is zero or negative.",
    "PS3.3 10.7.1.3",
    why="Everything measured in the image comes out as zero, or software divides by it.",
    fix="Write the distance in mm; if it is not known, leave the attribute out where it may be.",
)
def spacings_are_positive(instance: Instance) -> Iterator[Violation]:
    """A single row or column has no neighbour: its distance may be zero."""
    dataset = instance.dataset
    for element in _elements(dataset, _SPACINGS):
        for spacing, tag in zip(_numbers(element), (ROWS, COLUMNS), strict=False):
            count = dataset.get(tag)
            is_alone = count is not None and count.integer() == 1
            if spacing < 0 or (spacing == 0 and not is_alone):
                yield Violation(element, "more than 0", f"{spacing:g}")
                break


def _elements(dataset: Elements, tags: frozenset[int]) -> Iterator[Element]:
    if not tags.isdisjoint(dataset.tags):
        for row, tag in enumerate(dataset.tags):
            if tag in tags:
                yield Element(dataset, row)


def _numbers(element: Element) -> list[float]:
    """None of a value that is not all numbers: other rules report that."""
    try:
        numbers = [float(value) for value in element.values()]
    except ValueError:
        return []
    return numbers if all(map(isfinite, numbers)) else []
