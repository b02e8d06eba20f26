"""Which instance of a study its picture shows."""

from typing import Any

import pytest

from descriptor.representative import choose
from descriptor.unrenderable import UnrenderableError

IMAGE = {"Modality": "CT", "SeriesInstanceUID": "1", "Rows": 10, "Columns": 10}


def test_the_middle_instance_by_number() -> None:
    assert choose([{**IMAGE, "InstanceNumber": number} for number in (5, 1, 3, 2, 4)]) == 2


def test_of_the_series_with_the_most_images() -> None:
    report = {"SeriesInstanceUID": "2"}
    other = {**IMAGE, "SeriesInstanceUID": "3"}
    assert choose([IMAGE, *[report] * 5, *[other] * 3]) == 7


def test_a_multi_frame_image_is_as_many_as_it_has_frames() -> None:
    many = {**IMAGE, "SeriesInstanceUID": "2", "NumberOfFrames": 5}
    assert choose([*[IMAGE] * 4, many]) == 4


@pytest.mark.parametrize("modality", ["SEG", "RTDOSE"])
def test_overlays_are_the_last_resort(modality: str) -> None:
    overlay = {**IMAGE, "SeriesInstanceUID": "2", "Modality": modality, "NumberOfFrames": 500}
    assert choose([overlay, IMAGE]) == 1
    assert choose([overlay]) == 0


@pytest.mark.parametrize("instances", [[], [{}], [{"Rows": 0, "Columns": 10}]])
def test_without_images_there_is_none(instances: list[dict[str, Any]]) -> None:
    with pytest.raises(UnrenderableError, match="no-image"):
        choose(instances)


def test_odd_numbers_do_not_matter() -> None:
    odd = {"InstanceNumber": "abc", "NumberOfFrames": "many", "Rows": "x", "Columns": 1.5}
    assert choose([odd]) == 0
