"""What the sources have wrong or not at all, with the reason."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from tools.standard.sources import Usage
from tools.standard.values import Values

_SR: Final = "sr-document-content"

CONTENT_ITEM_TYPES: Final = {
    "ConceptCodeSequence": "1C",
    "ContinuityOfContent": "1C",
    "GraphicData": "1C",
    "GraphicType": "1C",
    "MeasuredValueSequence": "2C",
    "ReferencedFrameOfReferenceUID": "1C",
    "ReferencedSOPSequence": "1C",
    "TabulatedValuesSequence": "1C",
    "TemporalRangeType": "1C",
    # An item by reference has no value type of its own (C.17.3.2.5).
    "ValueType": "1C",
}
"""Types in the content items of structured reports.

The macros of the value types are included each "if and only if Value Type is ..." (C.17.3): in
highdicom's flattened tables it looks as if their attributes were always required.
"""

# Value 1 and 2 of Image Type and Frame Type: tables in C.8.16.1, for several modules in one.
_IMAGE_TYPE: Final[Values] = [(0, "E", ["ORIGINAL", "DERIVED", "MIXED"]), (1, "E", ["PRIMARY"])]
_FRAME_TYPE: Final[Values] = [(0, "E", ["ORIGINAL", "DERIVED"]), (1, "E", ["PRIMARY"])]
_SLIDE_TYPE: Final[Values] = [
    *_FRAME_TYPE,
    (2, "D", ["LOCALIZER", "VOLUME", "LABEL", "OVERVIEW", "THUMBNAIL"]),
    (3, "D", ["NONE", "RESAMPLED"]),
]
_GROUPS: Final = "multi-frame-functional-groups"
_LEGACY: Final = "legacy-converted-enhanced"
_GROUP_PLACES: Final = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
# C.8.31.1.1: a table without a head.
_MOTIONS: Final[Values] = [
    (
        None,
        "D",
        [
            *("STATIONARY", "ROTATION_STEP", "ROTATION_CONT", "TRANSLATION_STEP"),
            *("TRANSLATION_CONT", "COMPLEX_STEP", "COMPLEX_CONT"),
        ],
    )
]
_ANNOTATION_UNITS: Final[Values] = [(None, "E", ["PIXEL", "DISPLAY", "MATRIX"])]
_GRAPHIC: Final = ("GraphicAnnotationSequence", "GraphicObjectSequence")
_ANNOTATION_TEXT: Final = ("GraphicAnnotationSequence", "TextObjectSequence")

VALUES: Final[dict[tuple[str, tuple[str, ...]], Values]] = {
    # C.7.6.1.1.2 says it in sentences.
    ("general-image", ("ImageType",)): [
        (0, "E", ["ORIGINAL", "DERIVED"]),
        (1, "E", ["PRIMARY", "SECONDARY"]),
    ],
    **{
        (module, ("ImageType",)): _IMAGE_TYPE
        for module in (
            *("enhanced-ct-image", "enhanced-mr-image", "enhanced-pet-image"),
            *("intravascular-oct-image", "mr-spectroscopy", "x-ray-3d-image"),
        )
    },
    **{
        (f"{iod}-{_GROUPS}", (place, sequence, "FrameType")): _FRAME_TYPE
        for place in _GROUP_PLACES
        for sequence, iods in {
            "CTImageFrameTypeSequence": ("enhanced-ct-image",),
            "MRImageFrameTypeSequence": ("enhanced-mr-image", "enhanced-mr-color-image"),
            "PETFrameTypeSequence": ("enhanced-pet-image",),
            "XRay3DFrameTypeSequence": (
                *("breast-tomosynthesis-image", "x-ray-3d-angiographic-image"),
                "x-ray-3d-craniofacial-image",
            ),
            "USImageDescriptionSequence": ("enhanced-us-volume",),
            "IntravascularOCTFrameTypeSequence": (
                "intravascular-optical-coherence-tomography-image",
            ),
        }.items()
        for iod in iods
    },
    # C.8.12.4.1.1, of frames too.
    ("whole-slide-microscopy-image", ("ImageType",)): _SLIDE_TYPE,
    **{
        (
            f"vl-whole-slide-microscopy-image-{_GROUPS}",
            (place, "WholeSlideMicroscopyImageFrameTypeSequence", "FrameType"),
        ): _SLIDE_TYPE
        for place in _GROUP_PLACES
    },
    # Of frames only legacy converted ones can be MIXED.
    **{
        (f"{_LEGACY}-{kind}-{_GROUPS}", (place, f"{name}FrameTypeSequence", "FrameType")): (
            _IMAGE_TYPE
        )
        for place in _GROUP_PLACES
        for kind, name in {"ct-image": "CTImage", "mr-image": "MRImage", "pet-image": "PET"}.items()
    },
    ("enhanced-mammography-image", ("PositionerMotion",)): _MOTIONS,
    ("enhanced-mammography-image", ("TypeOfDetectorMotion",)): _MOTIONS,
    # "The same as for Bounding Box Annotation Units" (C.10.5).
    ("graphic-annotation", (*_GRAPHIC, "GraphicAnnotationUnits")): _ANNOTATION_UNITS,
    ("graphic-annotation", (*_ANNOTATION_TEXT, "AnchorPointAnnotationUnits")): _ANNOTATION_UNITS,
    # C.8.8.12.1.2: those of C.7.3.1.1.2, and SITTING.
    ("rt-patient-setup", ("PatientSetupSequence", "PatientPosition")): [
        (
            None,
            "D",
            [
                *("HFP", "HFS", "HFDR", "HFDL", "FFDR", "FFDL", "FFP", "FFS", "LFP", "LFS"),
                *("RFP", "RFS", "AFDR", "AFDL", "PFDR", "PFDL", "SITTING"),
            ],
        )
    ],
    # C.10.9.1.5: a table of the combinations.
    ("waveform", ("WaveformSequence", "WaveformSampleInterpretation")): [
        (None, "D", ["SB", "UB", "MB", "AB", "SS", "US", "SL", "UL", "SV", "UV"])
    ],
    ("waveform", ("WaveformSequence", "WaveformBitsAllocated")): [
        (None, "D", ["8", "16", "32", "64"])
    ],
    # 10.20.1.1: one pair for each view.
    **{
        (module, ("SliceProgressionDirection",)): [
            (
                None,
                "E",
                [
                    *("APEX_TO_BASE", "BASE_TO_APEX", "ANT_TO_INF", "INF_TO_ANT"),
                    *("SEPTUM_TO_WALL", "WALL_TO_SEPTUM"),
                ],
            )
        ]
        for module in (
            *("ct-image", "enhanced-ct-image", "enhanced-mr-image", "enhanced-pet-acquisition"),
            *("enhanced-us-image", "mr-image", "pet-image", "sc-image", "us-image"),
        )
    },
    # C.7.6.10.1.1 has the list with names in parentheses.
    ("mask", ("MaskSubtractionSequence", "MaskOperation")): [
        (None, "D", ["NONE", "AVG_SUB", "TID", "REV_TID"])
    ],
    # The values that hold for one Segmentation Type or the other (C.8.20.2 of 2024d).
    ("segmentation-image", ("PhotometricInterpretation",)): [
        (None, "E", ["MONOCHROME2", "PALETTE COLOR"])
    ],
    ("segmentation-image", ("BitsAllocated",)): [(None, "E", ["1", "8", "16"])],
}
"""Values by module and keywords of the path, instead of what the text of 2020 gives."""

ADDED_VALUES: Final[dict[tuple[str, tuple[str, ...]], list[str]]] = {
    **{
        (module, ("Modality",)): [
            *("ANN", "CFM", "DMS", "EEG", "EMG", "EOG", "PA", "POS", "XAPROTOCOL"),
        ]
        for module in ("encapsulated-document-series", "general-series", "sc-equipment")
    },
    # JPEG XL (Supplement 232), High-Throughput JPEG 2000 (Supplement 235).
    **{
        (module, ("PhotometricInterpretation",)): ["XYB"]
        for module in (
            *("image-pixel", "ophthalmic-photography-image", "us-image", "vl-image"),
            "whole-slide-microscopy-image",
        )
    },
    ("", ("LossyImageCompressionMethod",)): ["ISO_15444_15", "ISO_18181_1"],
    # Label map segmentation (Supplement 243).
    ("segmentation-image", ("SegmentationType",)): ["LABELMAP"],
    # Tabulated values in structured reports.
    (_SR, ("ValueType",)): ["TABLE"],
    (_SR, ("ContentSequence", "ValueType")): ["TABLE"],
    ("roi-contour", ("ROIContourSequence", "ContourSequence", "ContourGeometricType")): [
        "CLOSEDPLANAR_XOR"
    ],
    ("rt-dose", ("DoseSummationType",)): ["PLAN_OVERVIEW"],
}
"""Values that came after 2020, by module (``""``: every one) and keywords of the path."""

TITLES: Final[dict[str, tuple[str, str]]] = {
    # Links lead to pages, which have the first sections of a chapter without their numbers.
    "patient": ("Patient", "C.7.1.1"),
    "clinical-trial-subject": ("Clinical Trial Subject", "C.7.1.3"),
    "cr-series": ("CR Series", "C.8.1.1"),
    "cr-image": ("CR Image", "C.8.1.2"),
    "mr-image": ("MR Image", "C.8.3.1"),
    "raw-data": ("Raw Data", "C.19.1"),
    # Newer than 2020: as the pages of PS3.3 2024 and 2025 have them.
    "confocal-microscopy-image": ("Confocal Microscopy Image", "C.8.35.1"),
    "confocal-microscopy-tiled-pyramidal-image": (
        "Confocal Microscopy Tiled Pyramidal Image",
        "C.8.35.2",
    ),
    "cutaneous-confocal-microscopy-image-acquisition-parameters": (
        "Cutaneous Confocal Microscopy Image Acquisition Parameters",
        "C.8.35.3",
    ),
    "dermoscopic-image": ("Dermoscopic Image", "C.8.12.13"),
    "microscope-slide-layer-tile-organization": (
        "Microscope Slide Layer Tile Organization",
        "C.8.12.14",
    ),
    "microscopy-bulk-simple-annotations": ("Microscopy Bulk Simple Annotations", "C.37.1"),
    "microscopy-bulk-simple-annotations-series": (
        "Microscopy Bulk Simple Annotations Series",
        "C.37.1",
    ),
    "multi-resolution-pyramid": ("Multi-Resolution Pyramid", "C.7.11.1"),
    "rt-radiation-record-common": ("RT Radiation Record Common", "C.36.22"),
    "rt-radiation-salvage-record": ("RT Radiation Salvage Record", "C.36.23"),
    "xa-protocol-series": ("XA Protocol Series", "C.34.16"),
    "general-acquisition": ("General Acquisition", "C.7.10.1"),
    "enhanced-patient-orientation": ("Enhanced Patient Orientation", "C.7.6.30"),
}
"""Name and section of modules, instead of what the tables of 2020 give."""

UIDS: Final[dict[str, tuple[str, str, int]]] = {
    "1.2.840.10008.1.2.4.110": ("JPEG XL Lossless", "Transfer Syntax", 0),
    "1.2.840.10008.1.2.4.111": ("JPEG XL JPEG Recompression", "Transfer Syntax", 0),
    "1.2.840.10008.1.2.4.112": ("JPEG XL", "Transfer Syntax", 0),
    "1.2.840.10008.1.2.8.1": ("Deflated Image Frame Compression", "Transfer Syntax", 0),
    "1.2.840.10008.5.1.4.1.1.9.100.1": ("Waveform Presentation State Storage", "SOP Class", 0),
    "1.2.840.10008.5.1.4.1.1.9.100.2": (
        "Waveform Acquisition Presentation State Storage",
        "SOP Class",
        0,
    ),
    "1.2.840.10008.5.1.4.1.1.66.7": ("Label Map Segmentation Storage", "SOP Class", 0),
    "1.2.840.10008.5.1.4.1.1.66.8": ("Height Map Segmentation Storage", "SOP Class", 0),
}
"""UIDs that are newer than pydicom's dictionary: name, type, whether retired."""

MISPLACED: Final[dict[str, tuple[str, str]]] = {
    # An anatomy macro in an item of the first is taken for the end of the item.
    "rt-roi-observations": ("RTROIObservationsSequence", "PrimaryAnatomicStructureSequence"),
}
"""Modules that the tables of 2020 have attributes of under a wrong sequence: the right one, the
wrong one."""


TYPES: Final[dict[tuple[str, str], tuple[str, dict[str, str]]]] = {
    # "This type definition shall override the definition in the General Series Module" (C.8.6.1).
    ("general-series", "sc-equipment"): (
        "general-series-of-secondary-captures",
        {"Modality": "3"},
    ),
}
"""Types by module and another module of the same IOD, which overrides them: the id of the module
with these types, and the types by keyword."""

_USED: Final = Usage("M", "")
_OPTIONAL: Final = Usage("U", "")

GROUPS: Final[dict[str, dict[str, Usage]]] = {
    # Supplement 229, after A.93.4 of 2024d; what is mandatory is also what dciodvfy of 2026 asks.
    "photoacoustic-image": {
        **dict.fromkeys(("pixel-measures", "frame-content", "plane-position-volume"), _USED),
        **dict.fromkeys(("plane-orientation-volume", "image-data-type"), _USED),
        "photoacoustic-image-frame-type": _USED,
    },
    # Supplement 243: frames of label maps have all segments in them, so that none is named.
    "segmentation": {"segmentation": Usage("C", "written by hand")},
}
"""The use of functional group macros by IOD, for IODs that the edition of 2020 has not, and what
has changed since in others."""

SAME_GROUPS: Final = {"enhanced-mr-color-image": "enhanced-mr-image"}
"""IODs whose table of macros the tables of 2020 do not have, and the one with the same macros
(A.36.4.4: those of A.36.2.4 without the palette's)."""


class Constraint(NamedTuple):
    """What an IOD says of attributes, beyond its modules."""

    section: str
    """Of PS3.3."""
    values: Mapping[tuple[str, ...], tuple[str, list[str]]]
    """``E`` or ``D`` and the values, by the keywords of the path."""


_MIME: Final = ("MIMETypeOfEncapsulatedDocument",)
_SAMPLES: Final = ("WaveformSequence", "WaveformSampleInterpretation")

CONSTRAINTS: Final[dict[str, Constraint]] = {
    "encapsulated-pdf": Constraint("A.45.1.4", {_MIME: ("E", ["application/pdf"])}),
    "encapsulated-cda": Constraint("C.24.2.1", {_MIME: ("E", ["text/XML"])}),
    "encapsulated-stl": Constraint("A.85.1.4", {_MIME: ("E", ["model/stl"])}),
    "encapsulated-obj": Constraint("A.85.2.4", {_MIME: ("E", ["model/obj"])}),
    "encapsulated-mtl": Constraint("A.85.3.4", {_MIME: ("E", ["model/mtl"])}),
    "basic-voice-audio-waveform": Constraint(
        "A.34.2.4", {_SAMPLES: ("E", ["UB", "MB", "AB"]), ("Modality",): ("E", ["AU"])}
    ),
    "12-lead-ecg": Constraint("A.34.3.4", {_SAMPLES: ("E", ["SS"]), ("Modality",): ("E", ["ECG"])}),
    "general-ecg": Constraint("A.34.4.4", {_SAMPLES: ("E", ["SS"]), ("Modality",): ("E", ["ECG"])}),
    "ambulatory-ecg": Constraint(
        "A.34.5.4", {_SAMPLES: ("E", ["SB", "SS"]), ("Modality",): ("E", ["ECG"])}
    ),
    "hemodynamic-waveform": Constraint(
        "A.34.6.4", {_SAMPLES: ("E", ["SS"]), ("Modality",): ("E", ["HD"])}
    ),
    "basic-cardiac-electrophysiology-waveform": Constraint(
        "A.34.7.4", {_SAMPLES: ("E", ["SS"]), ("Modality",): ("E", ["EPS"])}
    ),
    # No list, but what the IOD is: "an image that has been created by a CT imaging device".
    "ct-image": Constraint("A.3.1", {("Modality",): ("D", ["CT"])}),
    "mr-image": Constraint("A.4.1", {("Modality",): ("D", ["MR"])}),
    "nuclear-medicine-image": Constraint("A.5.1", {("Modality",): ("D", ["NM"])}),
    "positron-emission-tomography-image": Constraint("A.21.1", {("Modality",): ("D", ["PT"])}),
    "ultrasound-image": Constraint("A.6.1", {("Modality",): ("D", ["US", "IVUS", "BDUS"])}),
    "ultrasound-multi-frame-image": Constraint(
        "A.7.1", {("Modality",): ("D", ["US", "IVUS", "BDUS"])}
    ),
}
"""By IOD. In the facts they are one more module of it, whose attributes are of type 3."""
