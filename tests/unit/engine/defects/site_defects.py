"""Violations of what a site asks for: the rules of a trial protocol, as a profile has them."""

from collections.abc import Iterator
from typing import Any

from engine.profiles.profile import Profile
from unit.engine.clean import documents, enhanced, images, radiotherapy
from unit.engine.clean.notation import File
from unit.engine.defects.defect import Defect, absent, put


def cases() -> Iterator[Defect]:
    """Files that the standard has nothing against."""
    ct, report, plan = images.ct(), documents.structured_report(), radiotherapy.plan()
    head = _asking(element="BodyPartExamined", **{"in": ["HEAD", "NECK"]})
    yield put("site.value-not-allowed", ct, "BodyPartExamined", "CHEST", profile=head)
    thin = _asking(element="SliceThickness", at_most=2)
    yield put("site.value-out-of-range", ct, "SliceThickness", 2.5, profile=thin)
    energy = "BeamSequence[0]>ControlPointSequence[0]>NominalBeamEnergy"
    yield put(
        "site.value-out-of-range",
        plan,
        energy,
        15,
        profile=_asking(
            element="BeamSequence > ControlPointSequence > NominalBeamEnergy",
            at_most=10,
            modality="RTPLAN",
        ),
    )
    subject = _asking(element="PatientID", matches="[A-Z]{2}-[0-9]+")
    yield put("site.value-format", ct, "PatientID", "Jane", profile=subject)
    described = _asking(element="StudyDescription", must_be="present")
    with_description = _described(images.mr())
    yield absent("site.element-missing", with_description, "StudyDescription", profile=described)
    filled = _asking(element="StudyDescription", must_be="filled")
    yield put("site.element-empty", with_description, "StudyDescription", "", profile=filled)
    gone = _asking(element="InstitutionName", must_be="absent")
    yield put("site.element-present", ct, "InstitutionName", "Clinic", profile=gone)
    nameless = _asking(element="AccessionNumber", must_be="empty")
    anonymous = ct.put("AccessionNumber", "")
    yield put("site.value-present", anonymous, "AccessionNumber", "A1", profile=nameless)
    coded = _asking(
        element="CodingSchemeDesignator", anywhere=True, **{"in": ["DCM", "LN", "SCT", "UCUM"]}
    )
    scheme = "ContentSequence[1]>ContentSequence[1]>ConceptCodeSequence[0]>CodingSchemeDesignator"
    yield put("site.value-not-allowed", report, scheme, "99LOCAL", profile=coded)
    square = _asking(element="PixelSpacing", require="PixelSpacing[1] == PixelSpacing[2]")
    yield put("site.relation", ct, "PixelSpacing", ("0.5", "0.6"), profile=square)
    measures = "SharedFunctionalGroupsSequence > PixelMeasuresSequence > SliceThickness"
    thickness = "SharedFunctionalGroupsSequence[0]>PixelMeasuresSequence[0]>SliceThickness"
    yield put(
        "site.value-out-of-range",
        enhanced.enhanced_mr(),
        thickness,
        5,
        profile=_asking(element=measures, at_most=2),
    )


def _asking(**demands: Any) -> Profile:
    return Profile.model_validate({"name": "trial", "rules": [{"id": "demand", **demands}]})


def _described(file: File) -> File:
    return file.put("StudyDescription", "Head")
