"""Dates that differ for good reasons are no findings."""

import pytest

from unit.engine.clean import images
from unit.engine.clean.notation import DataSet, File
from unit.engine.layers import findings_in

STUDY = {"StudyDate": "20240229", "StudyTime": "101000"}


@pytest.mark.parametrize(
    "dataset",
    [
        # The series was made from older ones, and after the acquisition.
        {"AcquisitionDate": "20240301", "SeriesDate": "20240302", "ContentDate": "20240302"},
        {"AcquisitionDate": "20240229", "AcquisitionTime": "1010"},
        {"AcquisitionDate": "20240229", "AcquisitionTime": ""},
        {"SeriesDate": "20240228", "LongitudinalTemporalInformationModified": "MODIFIED"},
        {"SeriesDate": "not a date"},
        {"SeriesDate": ""},
        {"AcquisitionDate": "20240301", "AcquisitionDateTime": "20240302001500"},
        {"PatientBirthDate": "19700229", "PatientAge": "054Y"},
        {"PatientBirthDate": "19700301", "PatientAge": "054Y"},
        {"PatientBirthDate": "19690101", "PatientAge": "054Y"},
        {"PatientBirthDate": "20240228", "PatientAge": "001D"},
        {"PatientBirthDate": "20231229", "PatientAge": "002M"},
        {"PatientBirthDate": "20231229", "PatientAge": "054Y", "StudyDate": ""},
        {"PatientAge": "54Y"},
        {"PatientBirthDate": "19100101", "PatientAge": "114Y"},
    ],
)
def test_dates_that_may_be_true_are_no_findings(dataset: DataSet) -> None:
    file = File(images.ct().dataset | STUDY | dataset)

    assert findings_in(file.encode(), "date") == []
