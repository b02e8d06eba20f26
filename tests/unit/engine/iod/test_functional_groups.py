"""Functional groups: each is shared or with every frame, and whole."""

from collections.abc import Sequence
from typing import Any

import pytest

from unit.engine import dicom_writer as dicom
from unit.engine.iod.iod_facts import Found, Table, found, module, sequence

FRAMES = 0x00280008
ORGANIZATION = 0x00209311
SHARED = 0x52009229
PER_FRAME = 0x52009230
MEASURES = 0x00289110
CONTENT = 0x00209111
TYPES = 0x00189226
UNASSIGNED = 0x00209170
THICKNESS = 0x00180050
LABEL = 0x00209453
TYPE = 0x00089007
TIME = 0x00189074

ORIGINAL = ["in", TYPE, ["ORIGINAL"], 0]
ITEMS = [
    (MEASURES, "1", None, None, [(THICKNESS, "1")]),
    (
        CONTENT,
        "1",
        None,
        None,
        [(LABEL, "2"), (TIME, "1C", (["all", ORIGINAL, ["group", MEASURES]], "any"))],
    ),
    (TYPES, "1", None, None, [(TYPE, "1")]),
    (UNASSIGNED, "1", None, None, [(LABEL, "3")]),
]
GROUPS = [
    (MEASURES, "M", None, "any"),
    (CONTENT, "M", None, "per-frame"),
    (TYPES, "U", None, "any"),
    (UNASSIGNED, "U", None, "shared"),
]

THICK = {MEASURES: sequence({THICKNESS: ("DS", b"1 ")})}
LABELLED = {CONTENT: sequence({LABEL: ("LO", b"a ")})}
TIMED = {CONTENT: sequence({TIME: ("DT", b"2026"), LABEL: ("LO", b"a ")})}
OF_TYPE = {TYPES: sequence({TYPE: ("CS", b"ORIGINAL\\PRIMARY")})}


def table(groups: Sequence[tuple[Any, ...]] = GROUPS) -> Table:
    attributes = ((FRAMES, "1"), *((tag, "1", None, None, ITEMS) for tag in (SHARED, PER_FRAME)))
    return Table(module(*attributes), groups)


def image(shared: dicom.DataSet, *frames: dicom.DataSet, count: int | None = None) -> dicom.DataSet:
    number = len(frames) if count is None else count
    return {
        FRAMES: ("IS", f"{number:<2}".encode()),
        SHARED: sequence(shared),
        PER_FRAME: sequence(*frames),
    }


FRAME = "(5200,9230)"


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (image(THICK, LABELLED, LABELLED), []),
        (image({}, THICK | LABELLED, THICK | LABELLED), []),
        (
            image({}, THICK | LABELLED, LABELLED),
            [Found("iod.group-missing", f"{FRAME}[1]>(0028,9110)")],
        ),
        (image({}, LABELLED, LABELLED), [Found("iod.group-missing", f"{FRAME}[0]>(0028,9110)", 2)]),
        (
            image(THICK, LABELLED, LABELLED | THICK),
            [Found("iod.group-twice", f"{FRAME}[1]>(0028,9110)")],
        ),
        (
            image(THICK | LABELLED, {}, {}),
            [Found("iod.group-not-per-frame", "(5200,9229)[0]>(0020,9111)")],
        ),
        (
            image(THICK, LABELLED | {UNASSIGNED: sequence({})}),
            [Found("iod.group-not-shared", f"{FRAME}[0]>(0020,9170)")],
        ),
        (image(THICK, LABELLED, count=2), [Found("iod.frame-count", FRAME)]),
        (image(THICK, LABELLED, LABELLED, count=1), [Found("iod.frame-count", FRAME)]),
        (
            image({MEASURES: sequence()}, LABELLED),
            [Found("iod.type-1-empty", "(5200,9229)[0]>(0028,9110)")],
        ),
        (
            image({MEASURES: sequence({})}, LABELLED),
            [Found("iod.type-1-missing", "(5200,9229)[0]>(0028,9110)[0]>(0018,0050)")],
        ),
    ],
)
def test_where_groups_are(dataset: dicom.DataSet, expected: list[Found]) -> None:
    assert found(table(), dataset) == expected


def test_every_frame_is_looked_at() -> None:
    frames = [LABELLED] * 300
    frames[257] = {CONTENT: sequence({})}

    assert found(table(), image(THICK, *frames)) == [
        Found("iod.type-2-missing", f"{FRAME}[257]>(0020,9111)[0]>(0020,9453)")
    ]


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        # The type of a frame is in another group: of this frame, or of the shared ones.
        (image(THICK, LABELLED | OF_TYPE, LABELLED), 1),
        (image(THICK | OF_TYPE, LABELLED, LABELLED), 2),
        (image(THICK | OF_TYPE, TIMED, TIMED), 0),
        (image(THICK, LABELLED, LABELLED), 0),
        (image({}, LABELLED | OF_TYPE | THICK, LABELLED | THICK), 1),
    ],
)
def test_conditions_see_the_other_groups_of_the_frame(
    dataset: dicom.DataSet, expected: int
) -> None:
    counts = [one.count for one in found(table(), dataset) if one.code == "iod.type-1c-missing"]

    assert counts == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("otherwise", "dataset", "expected"),
    [
        ("any", image(OF_TYPE, {}), [Found("iod.group-missing", f"{FRAME}[0]>(0028,9110)")]),
        ("any", image(OF_TYPE, THICK), []),
        ("any", image(OF_TYPE | THICK, {}), []),
        ("any", image({}, THICK), []),
        ("absent", image({}, THICK), [Found("iod.not-allowed", f"{FRAME}[0]>(0028,9110)")]),
    ],
)
def test_groups_with_a_condition(
    otherwise: str, dataset: dicom.DataSet, expected: list[Found]
) -> None:
    groups = [(MEASURES, "C", (ORIGINAL, otherwise), "any"), (TYPES, "U", None, "any")]

    assert found(table(groups), dataset) == expected


@pytest.mark.parametrize(("shared", "is_missing"), [(THICK, False), ({}, True)])
def test_tiles_in_order_have_no_groups_of_their_own(
    shared: dicom.DataSet, *, is_missing: bool
) -> None:
    dataset = {
        FRAMES: ("IS", b"2 "),
        ORGANIZATION: ("CS", b"TILED_FULL"),
        SHARED: sequence(shared),
    }
    attributes = (
        (FRAMES, "1"),
        (ORGANIZATION, "3"),
        (SHARED, "1", None, None, ITEMS),
        (PER_FRAME, "1C", None, None, ITEMS),
    )

    expected = [Found("iod.group-missing", "(5200,9229)[0]>(0028,9110)")] if is_missing else []
    assert found(Table(module(*attributes), GROUPS), dataset) == expected


def test_in_a_file_that_breaks_off_frames_are_not_counted() -> None:
    dataset = image(THICK, LABELLED, LABELLED, count=9)

    assert found(table(), dataset, cut=4) == []
    assert found(table(), dataset) == [Found("iod.frame-count", FRAME)]


def test_frames_that_lack_the_same_groups_are_all_counted() -> None:
    frames = [{}, THICK, {}, LABELLED, {}]

    result = found(table(), image({}, *frames))

    assert result == [
        Found("iod.group-missing", "(5200,9230)[0]>(0020,9111)", 4),
        Found("iod.group-missing", "(5200,9230)[0]>(0028,9110)", 4),
    ]
