"""Growth is distinguished from noise."""

import pytest

from faults.growth import Sample, growth


def samples(name: str, values: list[float]) -> list[Sample]:
    return [Sample(50 * number, {name: value}) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gateway: threads", [3, 9, 9, 9, 10, 9, 9, 9]),  # a pool starts
        ("gateway: memory bytes", [100e6, 120e6, 130e6, 120e6, 140e6, 125e6, 150e6, 130e6]),
        ("status: lasting keys", [10, 13, 13, 13, 13, 13, 13, 13]),  # made by the first studies
        ("uploads: entries per study", [1.0, 1.02, 1.0, 0.98, 1.0, 1.0, 1.01, 1.0]),
    ],
)
def test_what_settles_or_may_grow_is_fine(name: str, values: list[float]) -> None:
    assert growth(samples(name, values)) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gateway: threads", [3, 9, 12, 15, 18, 21, 24, 27]),
        ("gateway: memory bytes", [100e6, 110e6, 120e6, 130e6, 140e6, 150e6, 160e6, 170e6]),
        ("status: lasting keys", [13, 14, 14, 15, 15, 16, 16, 17]),
        ("uploads: entries per study", [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]),
        ("uploads: unfinished entries", [0, 0, 0, 0, 1, 1, 2, 2]),
        ("dead letters", [0, 0, 0, 0, 0, 0, 1, 1]),
        ("stored files", [5, 5, 5, 5, 5, 5, 6, 6]),
    ],
)
def test_what_grows_is_found(name: str, values: list[float]) -> None:
    [line] = growth(samples(name, values))
    assert line.startswith(name)


def test_what_is_there_only_later_is_found_too() -> None:
    run = [Sample(50 * number, {}) for number in range(8)]
    run[-2:] = [Sample(50 * number, {"x: lasting keys": 1}) for number in (8, 9)]
    assert growth(run) == ["x: lasting keys grew from 0 to 1 in 300 studies, more than by 0"]
