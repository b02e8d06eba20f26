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
        ("redis keys", [10, 13, 13, 13, 13, 13, 13, 13]),  # the first events make their streams
    ],
)
def test_what_settles_or_may_grow_is_fine(name: str, values: list[float]) -> None:
    assert growth(samples(name, values)) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gateway: threads", [3, 9, 12, 15, 18, 21, 24, 27]),
        ("gateway: memory bytes", [100e6, 110e6, 120e6, 130e6, 140e6, 150e6, 160e6, 170e6]),
        ("redis keys", [13, 14, 14, 15, 15, 16, 16, 17]),
        ("stored files", [5, 5, 5, 5, 5, 5, 6, 6]),
    ],
)
def test_what_grows_is_found(name: str, values: list[float]) -> None:
    [line] = growth(samples(name, values))
    assert line.startswith(name)
