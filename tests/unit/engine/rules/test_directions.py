"""Directions and distances in space that are as they should be, or that others report."""

import pytest

from engine.examination import examine
from engine.profiles.profile import Profile
from unit.engine.clean import enhanced, images
from unit.engine.clean.notation import File


def geometry_of(file: File) -> set[str]:
    findings = examine(file.encode(), Profile()).findings
    return {finding.code for finding in findings if finding.code.startswith("geometry.")}


@pytest.mark.parametrize(
    "orientation",
    [
        ("0.7071", "0.7071", 0, "-0.7071", "0.7071", 0),
        ("1.0005", 0, 0, 0, 1, 0),
        (1, 0, 0, "0.0009", 1, 0),
        ("one", 0, 0, 0, 1, 0),
        ("1e999", 0, 0, 0, 1, 0),
        (2, 0, 0, 0, 1),
        (),
    ],
)
def test_rounded_and_unreadable_directions_are_left_alone(
    orientation: tuple[float | str, ...],
) -> None:
    assert geometry_of(images.ct().put("ImageOrientationPatient", orientation)) == set()


def test_what_is_not_a_unit_vector_is_reported_once_and_not_for_its_angle() -> None:
    skewed = images.ct().put("ImageOrientationPatient", (3, 0, 0, 3, 0, 0))

    assert geometry_of(skewed) == {"geometry.not-unit"}


@pytest.mark.parametrize(
    ("rows", "columns", "spacing", "is_reported"),
    [
        (1, 6, (0, "0.5"), False),
        (4, 1, ("0.5", 0), False),
        (1, 1, (0, 0), False),
        (1, 6, ("0.5", 0), True),
        (1, 1, (0, "-0.5"), True),
        (4, 6, (0,), True),
    ],
)
def test_only_a_single_row_or_column_may_have_no_distance(
    rows: int, columns: int, spacing: tuple[float | str, ...], is_reported: bool
) -> None:
    image = images.ct().put("Rows", rows).put("Columns", columns).put("PixelSpacing", spacing)

    assert geometry_of(image) == ({"geometry.spacing"} if is_reported else set())


def test_a_direction_in_a_functional_group_is_found_where_it_is() -> None:
    file = enhanced.enhanced_mr()
    direction = "SharedFunctionalGroupsSequence[0]>PlaneOrientationSequence[0]"
    file = file.put(f"{direction}>ImageOrientationPatient", (0, 0, 0, 0, 0, 0))

    [finding] = [
        one for one in examine(file.encode(), Profile()).findings if one.code == "geometry.not-unit"
    ]

    assert finding.path == "(5200,9229)[0]>(0020,9116)[0]>(0020,0037)"
    assert (finding.expected, finding.found) == ("length 1", "length 0")
