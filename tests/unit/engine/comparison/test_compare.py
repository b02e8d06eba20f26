"""What only several instances together can break."""

import hashlib
from dataclasses import replace

from engine.comparison.compare import Compared, compare
from engine.comparison.summary import Plane, Summary
from engine.profiles.profile import Profile
from engine.rules import series, study
from engine.tags import INSTANCE_NUMBER, PATIENT_ID

PATIENT_NAME = 0x00100010
STUDY_DESCRIPTION = 0x00081030
BODY_PART = 0x00180015
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def ct(number: int) -> Summary:
    """A slice of a valid CT series."""
    return Summary(
        sop_instance_uid=f"1.2.3.{number}",
        study_instance_uid="1.2.1",
        series_instance_uid="1.2.2",
        modality="CT",
        frame_of_reference_uid="1.2.4",
        instance_number=number,
        is_localizer=False,
        rows=512,
        columns=512,
        spacing=(0.7, 0.7),
        planes=(Plane(AXIAL, (0.0, 0.0, 2.0 * number)),),
        dataset_sha256="",
        shared={
            PATIENT_ID: ("1",),
            PATIENT_NAME: ("2",),
            STUDY_DESCRIPTION: ("3",),
            BODY_PART: ("4",),
        },
    )


def files(*summaries: Summary) -> list[Compared]:
    return [
        Compared(f"{i}.dcm", replace(summary, dataset_sha256=_digest(summary)))
        for i, summary in enumerate(summaries)
    ]


def _digest(summary: Summary) -> str:
    return hashlib.sha256(repr(summary).encode()).hexdigest()


def codes(instances: list[Compared], expected_instances: int | None = None) -> list[str]:
    found = compare(instances, Profile(), expected_instances=expected_instances)
    return [finding.code for finding in found]


VALID = [ct(number) for number in range(1, 7)]


def changed(index: int, **attributes: object) -> list[Compared]:
    """The valid series with one slice that differs."""
    summaries = list(VALID)
    summaries[index] = replace(summaries[index], **attributes)  # type: ignore[arg-type]
    return files(*summaries)


def shared(**values: str | None) -> dict[int, tuple[str, ...]]:
    merged = {
        **ct(1).shared,
        **{int(tag[1:], 16): value and (value,) for tag, value in values.items()},
    }
    return {tag: value for tag, value in merged.items() if value is not None}


def test_a_valid_series_gives_nothing() -> None:
    assert codes(files(*VALID), expected_instances=6) == []


def test_nothing_to_compare_gives_nothing() -> None:
    assert codes([]) == []
    assert codes(files(ct(1))) == []


def test_the_same_file_twice_is_a_warning() -> None:
    instances = files(*VALID)
    instances.append(replace(instances[2], file="again.dcm"))

    (finding,) = compare(instances, Profile(), expected_instances=6)

    assert (finding.code, finding.severity) == ("study.instance-duplicate", "warning")
    assert finding.files == ("2.dcm", "again.dcm")


def test_other_bytes_under_the_same_uid_are_an_error() -> None:
    instances = files(*VALID)
    instances.append(Compared("other.dcm", replace(ct(9), sop_instance_uid="1.2.3.1")))

    findings = {f.code: f for f in compare(instances, Profile())}

    assert findings["study.instance-conflict"].severity == "error"
    assert findings["study.instance-conflict"].files == ("0.dcm", "other.dcm")
    assert findings["study.instance-conflict"].found == "2 different files with 1.2.3.1"
    assert "series.instance-number-repeated" not in findings, "the same instance has one number"


def test_one_study_has_one_patient() -> None:
    instances = changed(3, shared=shared(x00100020="9"))

    (finding,) = compare(instances, Profile())

    assert (finding.code, finding.keyword) == ("study.patient-differs", "PatientID")
    assert finding.found == "2 different values"
    assert finding.files[0] == "3.dcm", "the odd one out comes first"
    assert len(finding.files) == len(VALID)


def test_an_instance_without_a_patient_id_names_no_other_patient() -> None:
    assert codes(changed(3, shared=shared(x00100020=None))) == []


def test_an_attribute_that_is_not_everywhere_differs() -> None:
    (finding,) = compare(changed(3, shared=shared(x00100010=None)), Profile())

    assert (finding.code, finding.keyword) == ("study.patient-attribute-differs", "PatientName")
    assert finding.found == "2 different values, no value among them"


def test_study_and_series_share_their_attributes() -> None:
    assert codes(changed(0, shared=shared(x00081030="9"))) == [study.ATTRIBUTE_DIFFERS.code]
    assert codes(changed(0, shared=shared(x00180015="9"))) == [series.ATTRIBUTE_DIFFERS.code]


def test_two_studies_are_compared_each_for_itself() -> None:
    second = [
        replace(
            ct(number),
            sop_instance_uid=f"1.9.{number}",
            study_instance_uid="1.9.1",
            series_instance_uid="1.9.2",
            shared=shared(x00100020="another patient"),
        )
        for number in range(1, 7)
    ]

    assert codes(files(*VALID, *second)) == [study.SEVERAL_STUDIES.code]


def test_a_series_belongs_to_one_study() -> None:
    assert codes(changed(5, study_instance_uid="1.9.1")) == [
        study.SEVERAL_STUDIES.code,
        series.IN_SEVERAL_STUDIES.code,
    ]


def test_a_series_has_one_modality_one_frame_of_reference_one_size() -> None:
    assert codes(changed(1, modality="PT")) == [series.MODALITY_DIFFERS.code]
    assert codes(changed(1, frame_of_reference_uid="1.9")) == [
        series.FRAME_OF_REFERENCE_DIFFERS.code
    ]
    assert codes(changed(1, rows=256)) == [series.SIZE_MIXED.code]
    assert codes(changed(1, spacing=(0.8, 0.8))) == [series.SIZE_MIXED.code]


def test_images_that_are_no_slices_may_have_any_size() -> None:
    flat = [replace(ct(number), planes=(), rows=100 * number) for number in range(1, 5)]

    assert codes(files(*flat)) == []


def test_a_slice_left_out_is_missing() -> None:
    summaries = VALID[:2] + VALID[3:]

    findings = {f.code: f for f in compare(files(*summaries), Profile())}

    assert findings["series.slice-missing"].found == "1 missing in series 1.2.2"
    assert findings["series.slice-missing"].expected == "a slice every 2 mm"
    assert findings["series.instance-number-gap"].path == "(0020,0013)"


def test_a_slice_out_of_place_is_uneven_spacing() -> None:
    moved = (Plane(AXIAL, (0.0, 0.0, 6.7)),)

    assert codes(changed(2, planes=moved)) == [series.SPACING_UNEVEN.code]


def test_slices_of_another_orientation_are_mixed_unless_they_are_localizers() -> None:
    coronal = (Plane((1.0, 0.0, 0.0, 0.0, 0.0, -1.0), (0.0, 0.0, 0.0)),)

    assert codes(changed(5, planes=coronal)) == [series.ORIENTATION_MIXED.code]
    assert codes(changed(5, planes=coronal, rows=900, is_localizer=True)) == []


def test_a_number_given_twice_is_reported() -> None:
    (finding,) = compare(changed(5, instance_number=1), Profile())

    assert (finding.code, finding.files) == (
        "series.instance-number-repeated",
        ("0.dcm", "5.dcm"),
    )
    assert finding.path == f"({INSTANCE_NUMBER >> 16:04X},{INSTANCE_NUMBER & 0xFFFF:04X})"


def test_expected_counts() -> None:
    assert codes(files(*VALID), expected_instances=7) == [study.MISSING.code]
    assert codes(files(*VALID), expected_instances=5) == [study.EXTRA.code]


def test_frames_of_an_enhanced_image_are_slices() -> None:
    planes = tuple(Plane(AXIAL, (0.0, 0.0, z)) for z in (0.0, 1.0, 2.0, 4.0))

    assert codes(files(replace(ct(1), planes=planes))) == [series.SLICE_MISSING.code]
