"""Defects of enhanced images: functional groups that are missing, in one frame or in all."""

from collections.abc import Iterator

from unit.engine.clean import acquired, enhanced, microscopy
from unit.engine.clean.notation import File
from unit.engine.defects.defect import Defect, absent, put

_MR = enhanced.enhanced_mr()
_ACQUIRED = acquired.acquired_mr()
_CT = enhanced.enhanced_ct()
_SEGMENTS = enhanced.segmentation()
_DIRECTION = "InPlanePhaseEncodingDirection"
_SHARED = "SharedFunctionalGroupsSequence[0]"
_FRAMES = "PerFrameFunctionalGroupsSequence"


def cases() -> Iterator[Defect]:
    """Each in the last frame where it can be, since many look at the first only."""
    for base, group in (
        (_MR, "FrameContentSequence"),
        (_MR, "PlanePositionSequence"),
        (_CT, "PlanePositionSequence"),
        (_SEGMENTS, "SegmentIdentificationSequence"),
        (_SEGMENTS, "FrameContentSequence"),
    ):
        yield absent("iod.group-missing", base, f"{_FRAMES}[2]>{group}")
    for base, group in (
        (_MR, "PixelMeasuresSequence"),
        (_MR, "MRImageFrameTypeSequence"),
        (_ACQUIRED, "MRTimingAndRelatedParametersSequence"),
        (_ACQUIRED, "MRReceiveCoilSequence"),
        (_ACQUIRED, "MRAveragesSequence"),
        (_CT, "PlaneOrientationSequence"),
        (_CT, "CTImageFrameTypeSequence"),
    ):
        everywhere = f"{_FRAMES}[0]>{group}"
        yield absent("iod.group-missing", base, f"{_SHARED}>{group}", at=everywhere, count=3)
    for base, element in (
        (_SEGMENTS, "SegmentIdentificationSequence[0]>ReferencedSegmentNumber"),
        (_SEGMENTS, "DerivationImageSequence[0]>SourceImageSequence[0]>ReferencedSOPClassUID"),
    ):
        yield absent("iod.type-1-missing", base, f"{_FRAMES}[2]>{element}")
    for path in (
        f"{_FRAMES}[2]>FrameContentSequence[0]>DimensionIndexValues",
        f"{_SHARED}>PixelMeasuresSequence[0]>PixelSpacing",
        f"{_SHARED}>MREchoSequence[0]>EffectiveEchoTime",
        f"{_SHARED}>MRImagingModifierSequence[0]>MagnetizationTransfer",
        f"{_SHARED}>MRAveragesSequence[0]>NumberOfAverages",
        f"{_FRAMES}[2]>PlanePositionSequence[0]>ImagePositionPatient",
        "PulseSequenceName",
    ):
        yield absent("iod.type-1c-missing", _ACQUIRED, path)
    yield _in_some_frames(_ACQUIRED, "MREchoSequence")
    yield absent("iod.type-1c-missing", _MR, _FRAMES)
    # Tiles that are all there need no groups of their own.
    slide = microscopy.whole_slide()
    yield absent("iod.group-missing", slide, f"{_SHARED}>PixelMeasuresSequence")
    for base, element in (
        (_MR, "MRImageFrameTypeSequence[0]>FrameType"),
        (_CT, "PixelValueTransformationSequence[0]>RescaleSlope"),
        (_CT, "FrameAnatomySequence[0]>AnatomicRegionSequence[0]>CodeMeaning"),
    ):
        yield absent("iod.type-1-missing", base, f"{_SHARED}>{element}")
    frame_type = "MRImageFrameTypeSequence[0]"
    yield put("iod.type-1-empty", _MR, f"{_SHARED}>{frame_type}>FrameType", "")
    for base, path, value in (
        (_CT, f"{_SHARED}>FrameAnatomySequence[0]>FrameLaterality", "X"),
        (_ACQUIRED, f"{_SHARED}>MRModifierSequence[0]>InversionRecovery", "PERHAPS"),
        (_ACQUIRED, f"{_SHARED}>MRFOVGeometrySequence[0]>{_DIRECTION}", "LINE"),
    ):
        yield put("iod.value-not-allowed", base, path, value)
    # The image and its frames then say different things.
    differs = ("relation.frame-volumetric-properties",)
    properties = f"{_SHARED}>{frame_type}>VolumetricProperties"
    yield put("iod.value-not-allowed", _MR, properties, "CUBE", along=differs)
    differs = ("relation.frame-pixel-presentation",)
    yield put("iod.value-not-allowed", _CT, "PixelPresentation", "GREY", along=differs)
    component = f"{_SHARED}>{frame_type}>ComplexImageComponent"
    differs = ("relation.frame-complex-component",)
    yield put("iod.value-unexpected", _MR, component, "ANGLE", along=differs)
    kind = ("FIRST", "PRIMARY", "VOLUME", "NONE")
    yield put("iod.value-not-allowed", _MR, f"{_SHARED}>{frame_type}>FrameType", kind)
    measures = _MR.get(f"{_SHARED}>PixelMeasuresSequence")
    yield put("iod.group-twice", _MR, f"{_FRAMES}[0]>PixelMeasuresSequence", measures)
    yield _moved(_MR, "FrameContentSequence")
    shared = "UnassignedSharedConvertedAttributesSequence"
    legacy = enhanced.legacy_converted_ct()
    converted = legacy.get(f"{_SHARED}>{shared}")
    path, twice = f"{_FRAMES}[1]>{shared}", ("iod.group-twice",)
    yield put("iod.group-not-shared", legacy, path, converted, along=twice)
    frames = _MR.get(_FRAMES)
    yield put("iod.frame-count", _MR, _FRAMES, frames[:2])
    frames = _SEGMENTS.get(_FRAMES)
    yield put("iod.frame-count", _SEGMENTS, _FRAMES, [*frames, frames[0]])
    yield put("iod.type-1c-empty", _MR, _FRAMES, [])


def _moved(base: File, group: str) -> Defect:
    """The group of the first frame in place of one in each frame."""
    frames = [f"{_FRAMES}[{frame}]>{group}" for frame in range(3)]
    moved = base.without(*frames).put(f"{_SHARED}>{group}", base.get(frames[0]))
    return Defect("iod.group-not-per-frame", base, moved, f"{_SHARED}>{group}")


def _in_some_frames(base: File, group: str) -> Defect:
    """The group in the first frames in place of the shared ones, and not in the last."""
    file = base.without(f"{_SHARED}>{group}")
    for frame in range(2):
        file = file.put(f"{_FRAMES}[{frame}]>{group}", base.get(f"{_SHARED}>{group}"))
    return Defect("iod.group-missing", base, file, f"{_FRAMES}[2]>{group}", note="in one frame")
