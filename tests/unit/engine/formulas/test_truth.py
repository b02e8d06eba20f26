"""What formulas say of data sets and items: true, false, or nothing."""

from typing import Any

import pytest

from engine.formulas.level import Level, Surroundings
from engine.formulas.parsing import parsed
from engine.formulas.place import Formula
from unit.engine import dicom_writer as dicom
from unit.engine.clean.notation import DataSet, File, Of
from unit.engine.layers import instance_of

BEAM_NAME, REFERENCED_BEAM_NUMBER = 0x300A00C2, 0x300C0006

DATASET: DataSet = {
    "ImageType": ("ORIGINAL", "PRIMARY"),
    "SliceThickness": "2.50",
    "EchoTime": "",
    "SeriesNumber": 7,
    "Rows": 4,
    "Columns": 4,
    "WindowCenter": ("1", "2.0", "x"),
    "WindowWidth": ("10", "20"),
    "FrameTimeVector": (0, 1, 2, 3, 4),
    "FrameIncrementPointer": "FrameTimeVector",
    "BeamSequence": [
        {"BeamNumber": 1, "BeamName": "A", "NumberOfWedges": 0, "WedgeSequence": []},
        {"BeamNumber": 2, "BeamName": "B", "ControlPointSequence": [{"ControlPointIndex": 0}]},
    ],
    "FractionGroupSequence": [
        {
            "ReferencedBeamSequence": [
                {"ReferencedBeamNumber": 1},
                {"ReferencedBeamNumber": 5, "BeamName": "B"},
            ]
        }
    ],
}


def surroundings(dataset: DataSet, syntax: str = dicom.EXPLICIT) -> Surroundings:
    sop = {"SOPClassUID": dicom.CT_IMAGE_STORAGE, "SOPInstanceUID": "2.25.1"}
    instance = instance_of(File(sop | dataset, syntax).encode())
    assert instance
    return Surroundings(instance.dataset, instance.meta)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("Rows == Columns", True),
        ("Rows == 4", True),
        ("Rows != 4", False),
        ("Rows > 3 and Rows < 5 and Rows <= 4 and Rows >= 4", True),
        ("Rows < 4", False),
        ("SliceThickness == 2.5", True),
        ("SliceThickness == 2.500001", True),
        ("SliceThickness == 2.51", False),
        ("SliceThickness * 2 == Rows + 1", True),
        ("SliceThickness / 0 == 1", None),
        # What is absent, empty or no number says nothing.
        ("PixelSpacing == 1", None),
        ("EchoTime == 1", None),
        ("WindowCenter > 0", None),
        ("Rows > 'A'", None),
        # Every value counts.
        ("WindowWidth >= 10", True),
        ("WindowWidth >= 11", False),
        ("WindowWidth[2] == 20", True),
        ("WindowWidth[3] == 20", None),
        ("WindowWidth == FrameTimeVector", False),
        ("WindowWidth < FrameTimeVector", None),
        ("values(WindowCenter) == 3", True),
        ("values(WindowCenter) == values(WindowWidth)", False),
        ("values(EchoTime) == 1", None),
        ("characters(SeriesNumber) == 1", True),
        ("ImageType[1] in ('ORIGINAL', 'DERIVED')", True),
        ("'PRIMARY' in ImageType", True),
        ("'LOCALIZER' in ImageType", False),
        ("ImageType not in ('MIXED', 'DERIVED')", True),
        ("ImageType not in ('PRIMARY', 'SECONDARY')", False),
        ("present(EchoTime) and empty(EchoTime) and not filled(EchoTime)", True),
        ("present(ImageType[2]) and absent(ImageType[3])", True),
        ("absent(PixelSpacing)", True),
        ("filled(BeamSequence) and present(BeamSequence.ControlPointSequence)", True),
        ("FrameIncrementPointer == tag(FrameTimeVector)", True),
        ("FrameIncrementPointer == tag(FrameTime)", False),
        ("sum(FrameTimeVector) == 10 and max(FrameTimeVector) == 4", True),
        ("min(FrameTimeVector) == first(FrameTimeVector)", True),
        ("distinct(BeamSequence.BeamName) == 2", True),
        ("sum(ImageType) == 1", None),
        ("items(BeamSequence) == 2 and items(BeamSequence.WedgeSequence) == 0", True),
        ("items(BlockSequence) == 0", None),
        ("last(BeamSequence.BeamNumber) == 2", True),
        # The second beam has no wedges: the last number is not that of the last beam.
        ("last(BeamSequence.NumberOfWedges) == 1", None),
        ("numbered(BeamSequence.BeamNumber)", True),
        ("indexed(BeamSequence.BeamNumber)", False),
        ("indexed(FrameTimeVector) and increasing(FrameTimeVector)", True),
        ("numbered(BeamSequence.NumberOfWedges)", None),
        ("gapless(FractionGroupSequence.ReferencedBeamSequence.ReferencedBeamNumber)", False),
        ("ascending(WindowWidth) and unique(WindowWidth)", True),
        ("increasing(ImageType)", None),
        ("BeamSequence.BeamNumber in (1, 2, 3)", True),
        ("FractionGroupSequence.ReferencedBeamSequence.ReferencedBeamNumber in (1, 2)", False),
        # Three-valued logic.
        ("PixelSpacing == 1 or Rows == 4", True),
        ("PixelSpacing == 1 and Rows == 4", None),
        ("PixelSpacing == 1 and Rows == 5", False),
        ("not PixelSpacing == 1", None),
        ("meta.TransferSyntaxUID == '1.2.840.10008.1.2.1'", True),
    ],
)
def test_a_formula_about_the_data_set(text: str, truth: bool | None) -> None:
    assert parsed(text).truth(Level(surroundings(DATASET))) is truth


@pytest.mark.parametrize(
    ("text", "truths"),
    [
        ("ReferencedBeamNumber in dataset.BeamSequence.BeamNumber", [True, False]),
        ("ReferencedBeamNumber < items(dataset.BeamSequence)", [True, False]),
        (
            "ReferencedBeamNumber == matching(dataset.BeamSequence.BeamNumber, BeamName)",
            [None, False],
        ),
        ("outer.outer.Rows == 4", [True, True]),
        ("outer.outer.outer.Rows == 4", [None, None]),
    ],
)
def test_a_formula_about_items(text: str, truths: list[bool | None]) -> None:
    around = surroundings(DATASET)
    items = [
        Level(around, around.dataset.parents[row])
        for row in around.dataset.rows_with(REFERENCED_BEAM_NUMBER)
    ]

    assert [parsed(text).truth(item) for item in items] == truths


def test_items_of_another_sequence_are_not_meant() -> None:
    around = surroundings(
        {
            "BeamSequence": [{"BeamName": "A"}],
            "IonBeamSequence": [{"BeamName": "A"}],
            "BeamName": "A",
            "OriginalAttributesSequence": [{"ModifiedAttributesSequence": [{"BeamName": "A"}]}],
        }
    )
    rows = list(around.dataset.rows_with(BEAM_NAME))
    levels = {
        around.dataset.trail(row)[0]: Level(around, around.dataset.parents[row]) for row in rows
    }

    def holds(within: str) -> list[bool | None]:
        formula = Formula("BeamName == 'A'", within=within)
        return [formula.holds_in(level) for level in levels.values()]

    assert holds("") == [None, True, True, True]
    assert holds("dataset") == [None, None, True, None]
    assert holds("BeamSequence") == [None, True, None, None]


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("Rows == 5", "5", "4"),
        ("Rows == SeriesNumber", "7 (SeriesNumber)", "4"),
        ("WindowWidth > 10", "more than 10", "10"),
        (
            "values(WindowWidth) == values(WindowCenter)",
            "3 (the number of values of WindowCenter)",
            "2",
        ),
        ("FrameTimeVector == 9", "9", "0, 1, 2, 3, ..."),
        # Texts of the file are not in reasons.
        ("StudyID == SeriesDescription", "SeriesDescription", None),
        ("ImageType == 'DERIVED'", "DERIVED", None),
        ("absent(Rows)", "no such attribute", None),
        ("Rows == 4 and Rows == 5", "5", "4"),
        ("not Rows == 4", "not: Rows is 4", None),
        (
            "increasing(BeamSequence.BeamNumber) and numbered(FrameTimeVector)",
            "1, 2, 3 ...",
            "0, 1, 2, 3, ...",
        ),
    ],
)
def test_a_reason_has_both_sides(text: str, expected: str, found: str | None) -> None:
    dataset = DATASET | {"StudyID": "Smith", "SeriesDescription": "Jones"}
    level = Level(surroundings(dataset))

    assert parsed(text).truth(level) is False
    assert parsed(text).reason(level) == (expected, found)


@pytest.mark.parametrize("syntax", [dicom.IMPLICIT, dicom.BIG_ENDIAN])
def test_a_formula_holds_however_the_data_set_is_written(syntax: str) -> None:
    dataset: dict[str, Any] = {"Rows": 4, "ContourData": (1, 2, 3), "VectorGridData": (1.5,)}
    level = Level(surroundings(dataset, syntax))
    assert parsed("Rows == 4").truth(level) is True
    assert parsed("values(ContourData) == 3 and values(VectorGridData) == 1").truth(level) is True


def test_a_value_that_is_too_long_to_look_at_says_nothing() -> None:
    level = Level(surroundings({"LUTData": Of("OW", bytes(2 << 20))}))
    assert parsed("LUTData == 1").truth(level) is None
    assert parsed("values(LUTData) == 1048576").truth(level) is True


def test_small_numbers_are_not_zero() -> None:
    level = Level(surroundings(DATASET))
    assert parsed("0.0000001 > 0").truth(level) is True
    assert parsed("0.0000001 != 0").truth(level) is True
    assert parsed("0.0000001 == 0").truth(level) is True
    assert parsed("1 < 1.0000001").truth(level) is True
    assert parsed("1.0000001 <= 1").truth(level) is True
