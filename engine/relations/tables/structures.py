"""Relations of structure sets, and the modality of each IOD of radiotherapy (PS3.3 C.8.8)."""

from contracts.report import Severity
from engine.relations.notation import count, order, reference, value
from engine.relations.relation import LeftOut, Module

_ROIS = "dataset.StructureSetROISequence.ROINumber"

_MODALITIES = {
    "RTIMAGE": ("rt-image",),
    "RTDOSE": ("rt-dose",),
    "RTSTRUCT": ("rt-structure-set",),
    "RTPLAN": ("rt-plan", "rt-ion-plan"),
    "RTRECORD": (
        "rt-beams-treatment-record",
        "rt-ion-beams-treatment-record",
        "rt-brachy-treatment-record",
        "rt-treatment-summary-record",
    ),
}
SERIES = Module(
    "RT Series",
    "C.8.8.1",
    relations=(
        *(
            value(
                f"rt-modality-{modality[2:].lower()}",
                f"Modality == '{modality}'",
                within="dataset",
                of=iods,
            )
            for modality, iods in _MODALITIES.items()
        ),
    ),
)
STRUCTURE_SET = Module(
    "Structure Set",
    "C.8.8.5",
    of=("structure-set",),
    relations=(
        reference(
            "roi-frame-of-reference",
            "ReferencedFrameOfReferenceUID in "
            "dataset.ReferencedFrameOfReferenceSequence.FrameOfReferenceUID",
            within="StructureSetROISequence",
        ),
    ),
)
ROI_CONTOUR = Module(
    "ROI Contour",
    "C.8.8.6",
    of=("roi-contour",),
    relations=(
        value(
            "contour-planar-points",
            "NumberOfContourPoints >= 3",
            when="ContourGeometricType == 'CLOSED_PLANAR'",
            within="ContourSequence",
            section="C.8.8.6.1",
            severity=Severity.INFO,
            violation=False,
        ),
        count(
            "contour-points",
            "values(ContourData) == 3 * NumberOfContourPoints",
            within="ContourSequence",
        ),
        value(
            "contour-single-point",
            "NumberOfContourPoints == 1",
            when="ContourGeometricType == 'POINT'",
            within="ContourSequence",
            section="C.8.8.6.1",
        ),
        order(
            "contour-number-repeated",
            "unique(ContourSequence.ContourNumber)",
            within="ROIContourSequence",
        ),
        value(
            "roi-color-range",
            "ROIDisplayColor >= 0 and ROIDisplayColor <= 255",
            within="ROIContourSequence",
        ),
    ),
    left_out=(
        LeftOut(
            "the points of a planar contour are in one plane",
            "how far points may be off is not said; planning systems write rounded ones",
        ),
    ),
)
ROI_OBSERVATIONS = Module(
    "RT ROI Observations",
    "C.8.8.8",
    of=("rt-roi-observations",),
    relations=(
        value(
            "roi-mass-fractions",
            "sum(ROIElementalCompositionSequence.ROIElementalCompositionAtomicMassFraction) "
            "> 0.99 and "
            "sum(ROIElementalCompositionSequence.ROIElementalCompositionAtomicMassFraction) "
            "< 1.01",
            within="ROIPhysicalPropertiesSequence",
        ),
        order(
            "roi-observation-number-repeated", "unique(RTROIObservationsSequence.ObservationNumber)"
        ),
        reference("related-roi", f"ReferencedROINumber in {_ROIS}", within="RTRelatedROISequence"),
        reference(
            "related-roi-observation",
            "ObservationNumber in dataset.RTROIObservationsSequence.ObservationNumber",
            within="RelatedRTROIObservationsSequence",
        ),
    ),
)

MODULES = (SERIES, STRUCTURE_SET, ROI_CONTOUR, ROI_OBSERVATIONS)
