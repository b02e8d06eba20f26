"""Formulas are read as they are written, and what is none is refused with a reason."""

import pytest

from engine.formulas.parsing import FormulaError, parsed
from engine.formulas.place import Formula


@pytest.mark.parametrize(
    ("text", "words", "negation"),
    [
        ("Rows == Columns", "Rows is Columns", "Rows is not Columns"),
        (
            "NumberOfBeams == items(BeamSequence)",
            "NumberOfBeams is the number of items of BeamSequence",
            "NumberOfBeams is not the number of items of BeamSequence",
        ),
        (
            "values(ContourData) == 3 * NumberOfContourPoints",
            "the number of values of ContourData is 3 times NumberOfContourPoints",
            "the number of values of ContourData is not 3 times NumberOfContourPoints",
        ),
        (
            "ImageType[3] in ('AXIAL', 'LOCALIZER')",
            "value 3 of ImageType is one of AXIAL or LOCALIZER",
            "value 3 of ImageType is none of AXIAL or LOCALIZER",
        ),
        (
            "ROINumber not in dataset.BeamSequence.BeamNumber",
            "ROINumber is none of the values of BeamNumber in BeamSequence",
            "ROINumber is one of the values of BeamNumber in BeamSequence",
        ),
        (
            "absent(Rows) and not filled(Columns) or Rows >= -1",
            "Rows is absent and Columns has no value or Rows is at least -1",
            "Rows is present or Columns has a value and Rows is less than -1",
        ),
        (
            "last(BeamSequence.BeamNumber) < 2 - 1.5",
            "the last BeamNumber in BeamSequence is less than 2 minus 1.5",
            "the last BeamNumber in BeamSequence is not less than 2 minus 1.5",
        ),
        (
            "FrameIncrementPointer == tag(FrameTime)",
            "FrameIncrementPointer is the tag of FrameTime",
            "FrameIncrementPointer is not the tag of FrameTime",
        ),
        (
            "(unique(BeamSequence.BeamNumber))",
            "the values of BeamNumber in BeamSequence are unique",
            "the values of BeamNumber in BeamSequence are not unique",
        ),
    ],
)
def test_a_formula_is_put_into_words(text: str, words: str, negation: str) -> None:
    assert parsed(text).words == words
    assert parsed(text).negation == negation


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected an attribute, a number or a text, found the end"),
        ("Rows", "expected a comparison, found the end"),
        ("Rows == ", "expected an attribute, a number or a text, found the end"),
        ("Rows == Columns Columns", "expected 'and', 'or' or the end, found 'Columns'"),
        ("Rowz == 1", "unknown element 'Rowz'"),
        ("Rows == $", r"'\$' is not understood"),
        ("Rows == 'a", "'.a' is not understood"),
        ("ImageType[0] == 'A'", "expected the number of a value, from 1, found '0'"),
        ("ImageType[1.5] == 'A'", "expected the number of a value, from 1, found '1.5'"),
        ("Rows not Columns", "expected 'in', found 'Columns'"),
        ("Rows in (1, 2", r"expected '\)', found the end"),
        ("Rows in (1, Columns)", "expected an attribute, a number or a text, found 'Columns'"),
        ("items(3) == 1", "expected an attribute, found '3'"),
        ("dataset == 1", "an attribute is missing after 'dataset'"),
        ("(" * 40 + "Rows == 1" + ")" * 40, "more than 20 brackets in one another"),
        ("not " * 300 + "Rows == 1", "a formula has at most 1000 characters"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, problem: str) -> None:
    with pytest.raises(FormulaError, match=problem):
        parsed(text)


def test_many_negations_are_no_danger() -> None:
    assert parsed("not " * 200 + "Rows == 1").words == "Rows is 1"


def test_a_formula_needs_an_attribute_that_shows_where_it_applies() -> None:
    with pytest.raises(FormulaError, match="no attribute shows where"):
        _ = Formula("dataset.Rows == 1").anchor


def test_a_place_is_made_of_sequences_that_exist() -> None:
    with pytest.raises(FormulaError, match="unknown element in 'BeamSequenze'"):
        _ = Formula("Rows == 1", within="BeamSequenze").trail
