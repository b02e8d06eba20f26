"""Objects that are newer than the texts of 2020, and exceptions that the tables do not show."""

from contracts.report import Severity
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.standard.facts import load
from unit.engine.clean import documents, enhanced, images
from unit.engine.clean.notation import File, Of

LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"


def iod_warnings(file: File) -> list[tuple[str, str | None]]:
    findings = examine(file.encode(), Profile()).findings
    return [
        (finding.code, finding.keyword)
        for finding in findings
        if finding.code.startswith("iod.") and finding.severity is not Severity.INFO
    ]


def test_a_secondary_capture_needs_no_modality() -> None:
    assert iod_warnings(images.sc().without("Modality")) == []
    assert iod_warnings(images.us().without("Modality")) == [("iod.type-1-missing", "Modality")]


def test_the_frames_of_a_label_map_name_no_segment() -> None:
    segments = enhanced.segmentation()
    frames = len(segments.get("PerFrameFunctionalGroupsSequence"))
    without = segments.without(
        *(
            f"PerFrameFunctionalGroupsSequence[{frame}]>SegmentIdentificationSequence"
            for frame in range(frames)
        )
    )

    assert iod_warnings(without) == [("iod.group-missing", "SegmentIdentificationSequence")]
    label_map = without.put("SegmentationType", "LABELMAP").put("SOPClassUID", LABEL_MAP)
    assert iod_warnings(label_map) == []
    assert iod_warnings(label_map.put("PhotometricInterpretation", "RGB")) == [
        ("iod.value-not-allowed", "PhotometricInterpretation")
    ]


def test_a_presentation_state_activates_overlays_of_other_instances() -> None:
    activated = documents.presentation_state().put("60001001", Of("CS", "LAYER1"))

    assert iod_warnings(activated) == []
    with_rows = activated.put("60000010", Of("US", 8))
    assert ("iod.type-1-missing", "OverlayColumns") in iod_warnings(with_rows)


def test_functional_groups_that_the_tables_of_2020_do_not_have() -> None:
    iods = load().iods
    mandatory = {
        name: {group.macro for group in iods[name].groups if group.usage == "M"}
        for name in ("photoacoustic-image", "enhanced-mr-color-image", "enhanced-mr-image")
    }

    assert "plane-position-volume" in mandatory["photoacoustic-image"]
    assert (
        mandatory["enhanced-mr-color-image"] == mandatory["enhanced-mr-image"] > {"frame-anatomy"}
    )
    for name in ("confocal-microscopy-image", "enhanced-rt-image"):
        assert {group.usage for group in iods[name].groups} == {"U"}


def test_reports_say_what_is_of_which_edition() -> None:
    editions = load().editions

    assert editions["modules, attributes, types"] == "2026b"
    assert editions["conditions, values, functional groups"].startswith("2020")
