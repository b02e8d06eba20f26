"""The geometry of a series: gaps, uneven spacing, orientations, repeated positions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.comparison.geometry import stacks
from engine.comparison.summary import Plane

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def axial(*heights: float) -> list[Plane]:
    return [Plane(AXIAL, (-120.0, -120.0, height)) for height in heights]


def test_evenly_spaced_slices_make_one_stack() -> None:
    (stack,) = stacks(axial(*(index * 2.5 for index in range(20))))

    assert stack.step == pytest.approx(2.5)
    assert (stack.missing, stack.uneven) == (0, 0)


def test_the_order_of_the_slices_does_not_matter() -> None:
    (stack,) = stacks(axial(5, 0, 2.5, 10, 7.5))

    assert (stack.step, stack.missing, stack.uneven) == (2.5, 0, 0)


@pytest.mark.parametrize(
    ("heights", "missing"),
    [
        ((0, 1, 3), 1),
        ((0, 1, 2, 3, 5, 6, 7), 1),
        ((0, 1, 2, 6, 7), 3),
        ((0, 2, 3, 4, 6), 2),
    ],
)
def test_gaps_of_whole_steps_are_missing_slices(heights: tuple[float, ...], missing: int) -> None:
    (stack,) = stacks(axial(*heights))

    assert (stack.missing, stack.uneven) == (missing, 0)


@pytest.mark.parametrize("heights", [(0, 1, 2, 3.4, 4.4), (0, 1, 2.5), (0, 3, 6, 8, 11)])
def test_other_distances_are_uneven(heights: tuple[float, ...]) -> None:
    (stack,) = stacks(axial(*heights))

    assert (stack.missing, stack.uneven) == (0, 1)


def test_positions_written_with_few_digits_are_even() -> None:
    (stack,) = stacks(axial(*(round(index * 2 / 3, 3) for index in range(40))))

    assert (stack.missing, stack.uneven) == (0, 0)


def test_time_points_in_one_place_are_one_position() -> None:
    (stack,) = stacks(axial(*(height for height in (0, 1, 2, 3) for _ in range(5))))

    assert (stack.step, stack.missing, stack.uneven) == (1, 0, 0)


def test_a_place_visited_less_often_than_the_others_misses_a_slice() -> None:
    (stack,) = stacks(axial(*(height for height in (0, 1, 2, 3) for _ in range(5)))[:-1])

    assert stack.missing == 1


def test_each_orientation_is_a_stack_of_its_own() -> None:
    sagittal = [Plane(SAGITTAL, (x, 0.0, 0.0)) for x in (0.0, 4.0, 8.0)]

    assert [stack.step for stack in stacks(axial(0, 1, 2) + sagittal)] == [1, 4]


def test_two_slices_have_no_spacing_to_compare() -> None:
    (stack,) = stacks(axial(0, 17))

    assert stack.step is None


def test_an_oblique_stack_is_measured_along_its_normal() -> None:
    tilted = (1.0, 0.0, 0.0, 0.0, 0.8, 0.6)
    planes = [Plane(tilted, (0.0, -0.6 * d, 0.8 * d)) for d in (0.0, 2.0, 4.0, 8.0)]

    (stack,) = stacks(planes)

    assert stack.step == pytest.approx(2)
    assert stack.missing == 1


NUMBER = st.floats(-1e9, 1e9, exclude_min=True, exclude_max=True)


@given(st.lists(st.builds(Plane, st.tuples(*[NUMBER] * 6), st.tuples(*[NUMBER] * 3)), max_size=30))
def test_nonsense_raises_nothing_and_stays_bounded(planes: list[Plane]) -> None:
    assert len(stacks(planes)) <= len(planes)


def test_a_series_of_many_orientations_stays_bounded() -> None:
    planes = [Plane((1.0, 0.0, 0.0, 0.0, 1.0, float(i)), (0.0, 0.0, 0.0)) for i in range(5000)]

    assert len(stacks(planes)) == 64
