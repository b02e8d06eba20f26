"""Relations of presentation states, graphics, waveforms and hanging protocols (PS3.3 C.10 ...)."""

from engine.relations.notation import absence, count, order, reference, value
from engine.relations.relation import LeftOut, Module, Relation

_STATE_IMAGES = "dataset.ReferencedSeriesSequence.ReferencedImageSequence.ReferencedSOPInstanceUID"
_STATES = ("presentation-state-relationship",)
_USERS = {
    "annotation": ("GraphicAnnotationSequence", "C.10.5"),
    "displayed-area": ("DisplayedAreaSelectionSequence", "C.10.4"),
    "window": ("SoftcopyVOILUTSequence", "C.11.8"),
}


def _images_of_the_state() -> tuple[Relation, ...]:
    """What a part of the state applies to is among the images that the state applies to."""
    return tuple(
        reference(
            f"state-{name}-image",
            f"ReferencedSOPInstanceUID in {_STATE_IMAGES}",
            within=f"{sequence}.ReferencedImageSequence",
            of=_STATES,
            section=section,
        )
        for name, (sequence, section) in _USERS.items()
    )


_POINTS = {"point": ("POINT", 1), "circle": ("CIRCLE", 2), "ellipse": ("ELLIPSE", 4)}
GRAPHICS = Module(
    "Graphic Annotation",
    "C.10.5",
    relations=(
        *(
            value(f"{name}-fraction", f"{data} >= 0 and {data} <= 1",
                  when=f"{units} == 'DISPLAY'", within=sequence,
                  section="C.10.5", says=f"{data} is in parts of the displayed area, and not "
                  "from 0 to 1.")
            for name, data, units, sequence in (
                ("graphic-data", "GraphicData", "GraphicAnnotationUnits",
                 "GraphicObjectSequence"),
                ("compound-graphic-data", "GraphicData", "CompoundGraphicUnits",
                 "CompoundGraphicSequence"),
                ("text-box", "BoundingBoxTopLeftHandCorner", "BoundingBoxAnnotationUnits",
                 "TextObjectSequence"),
                ("text-box-end", "BoundingBoxBottomRightHandCorner",
                 "BoundingBoxAnnotationUnits", "TextObjectSequence"),
                ("text-anchor", "AnchorPoint", "AnchorPointAnnotationUnits",
                 "TextObjectSequence"),
            )
        ),
        reference("graphic-group", "GraphicGroupID in dataset.GraphicGroupSequence.GraphicGroupID",
                  within="GraphicObjectSequence"),
        reference("text-group", "GraphicGroupID in dataset.GraphicGroupSequence.GraphicGroupID",
                  within="TextObjectSequence"),
        order("graphic-group-repeated", "unique(GraphicGroupSequence.GraphicGroupID)",
              section="C.10.11"),
        *_images_of_the_state(),
        count(
            "graphic-values",
            "values(GraphicData) == GraphicDimensions * NumberOfGraphicPoints",
            within="GraphicObjectSequence",
        ),
        value("graphic-dimensions", "GraphicDimensions == 2", within="GraphicObjectSequence"),
        *(
            count(
                f"graphic-{name}-points",
                f"NumberOfGraphicPoints == {points}",
                when=f"GraphicType == '{kind}'",
                within="GraphicObjectSequence",
                section="C.10.5.1.2",
            )
            for name, (kind, points) in _POINTS.items()
        ),
        count(
            "graphic-line-points",
            "NumberOfGraphicPoints >= 2",
            when="GraphicType in ('POLYLINE', 'INTERPOLATED')",
            within="GraphicObjectSequence",
            section="C.10.5.1.2",
        ),
        absence(
            "graphic-point-filled",
            "GraphicFilled != 'Y'",
            when="GraphicType == 'POINT'",
            within="GraphicObjectSequence",
        ),
        reference(
            "graphic-layer",
            "GraphicLayer in dataset.GraphicLayerSequence.GraphicLayer",
            within="GraphicAnnotationSequence",
        ),
        absence(
            "text-without-place",
            "present(BoundingBoxTopLeftHandCorner) or present(AnchorPoint)",
            when="present(UnformattedTextValue)",
            within="TextObjectSequence",
            says="A text has neither a bounding box nor an anchor point.",
        ),
        absence(
            "text-box-corner",
            "present(BoundingBoxBottomRightHandCorner)",
            when="present(BoundingBoxTopLeftHandCorner)",
            within="TextObjectSequence",
        ),
        order("graphic-layer-repeated", "unique(GraphicLayerSequence.GraphicLayer)",
              within="dataset", section="C.10.7"),
        count(
            "compound-graphic-values",
            "values(GraphicData) == GraphicDimensions * NumberOfGraphicPoints",
            within="CompoundGraphicSequence",
        ),
    ),
    left_out=(
        LeftOut("the contour of a closed polyline ends where it begins", "open ones are allowed"),
        LeftOut(
            "annotations in pixels are inside of the image", "it is another instance"
        ),
    ),
)  # fmt: skip
DISPLAYED_AREA = Module(
    "Displayed Area",
    "C.10.4",
    relations=(value("displayed-area-magnification", "PresentationPixelMagnificationRatio > 0"),),
)
STATE_RELATIONSHIP = Module(
    "Presentation State Relationship",
    "C.11.11",
    of=_STATES,
    relations=(
        order(
            "state-series-repeated",
            "unique(ReferencedSeriesSequence.SeriesInstanceUID)",
            within="dataset",
        ),
        order(
            "state-image-repeated",
            "unique(ReferencedImageSequence.ReferencedSOPInstanceUID)",
            within="ReferencedSeriesSequence",
        ),
    ),
)
BLENDING = Module(
    "Presentation State Blending",
    "C.11.14",
    relations=(
        absence("presentation-lut-twice", "absent(PresentationLUTShape)",
                when="filled(PresentationLUTSequence)", within="dataset", section="C.11.6"),
        count("blending-foreground", "items(BlendingDisplayInputSequence) == 2",
              when="BlendingMode == 'FOREGROUND'", within="BlendingDisplaySequence",
              section="C.11.34"),
        count("blending-two", "items(BlendingSequence) == 2", within="dataset",
              of=("presentation-state-blending",)),
        order("blending-positions", "unique(BlendingSequence.BlendingPosition)", within="dataset",
              of=("presentation-state-blending",)),
        value("blending-opacity", "RelativeOpacity >= 0 and RelativeOpacity <= 1"),
    ),
)  # fmt: skip
WAVEFORM = Module(
    "Waveform",
    "C.10.9",
    of=("waveform",),
    relations=(
        value("sampling-frequency-positive", "SamplingFrequency > 0", within="WaveformSequence"),
        value("waveform-channels-positive", "NumberOfWaveformChannels > 0",
              within="WaveformSequence"),
        value("channel-bits", "WaveformBitsStored <= outer.WaveformBitsAllocated",
              within="ChannelDefinitionSequence"),
        order("channel-filters", "FilterLowFrequency <= FilterHighFrequency",
              within="ChannelDefinitionSequence"),
        order("channel-number-in-group", "unique(ChannelDefinitionSequence.WaveformChannelNumber)",
              within="WaveformSequence"),
        absence("channel-skew-twice", "absent(ChannelSampleSkew)",
                when="present(ChannelTimeSkew)", within="ChannelDefinitionSequence"),
    ),
    left_out=(
        LeftOut("the data are as long as channels times samples", "`waveform.length-short`"),
        LeftOut("each channel has a definition", "`waveform.channels`"),
    ),
)  # fmt: skip

_RATES = {
    "12-lead-ecg": ("A.34.3.4", 200, 1000, 1, 5, 1, 13),
    "general-ecg": ("A.34.4.4", 200, 1000, 1, 4, 1, 24),
    "ambulatory-ecg": ("A.34.5.4", 50, 1000, 1, 1, 1, 12),
    "hemodynamic-waveform": ("A.34.6.4", 0, 400, 1, 4, 1, 8),
    "basic-cardiac-electrophysiology-waveform": ("A.34.7.4", 0, 20000, 1, 4, 0, 0),
    "basic-voice-audio-waveform": ("A.34.2.4", 8000, 8000, 1, 1, 1, 2),
}
"""Section, lowest and highest sampling frequency in Hz, groups and channels, from and to; no limit
where the highest is 0."""
_SHORT = {
    "basic-cardiac-electrophysiology-waveform": "electrophysiology",
    "basic-voice-audio-waveform": "voice",
    "hemodynamic-waveform": "hemodynamic",
}


def _limits() -> tuple[Relation, ...]:
    rows: list[Relation] = []
    for iod, (section, low, high, first, last, fewest, most) in _RATES.items():
        name = _SHORT.get(iod, iod)
        rows += [
            value(
                f"{name}-frequency",
                f"SamplingFrequency >= {low} and SamplingFrequency <= {high}",
                within="WaveformSequence",
                section=section,
                of=(iod,),
            ),
            count(
                f"{name}-groups",
                f"items(WaveformSequence) >= {first} and items(WaveformSequence) <= {last}",
                within="dataset",
                section=section,
                of=(iod,),
            ),
        ]
        if most:
            rows.append(
                count(
                    f"{name}-channels",
                    f"NumberOfWaveformChannels >= {fewest} and NumberOfWaveformChannels <= {most}",
                    within="WaveformSequence",
                    section=section,
                    of=(iod,),
                )
            )
    return (
        *rows,
        value(
            "12-lead-ecg-samples",
            "NumberOfWaveformSamples <= 16384",
            within="WaveformSequence",
            section="A.34.3.4",
            of=("12-lead-ecg",),
        ),
    )


WAVEFORM_IODS = Module("Waveform IODs", "A.34", relations=_limits())
WAVEFORM_ANNOTATION = Module(
    "Waveform Annotation",
    "C.10.10",
    of=("waveform-annotation",),
    relations=(
        reference(
            "annotation-channel",
            "ReferencedWaveformChannels[2] <= "
            "max(dataset.WaveformSequence.NumberOfWaveformChannels)",
            within="WaveformAnnotationSequence",
        ),
        count(
            "annotation-one-sample",
            "values(ReferencedSamplePositions) == 1",
            when="TemporalRangeType in ('POINT', 'BEGIN', 'END')",
            within="WaveformAnnotationSequence",
        ),
        count(
            "annotation-two-samples",
            "values(ReferencedSamplePositions) == 2",
            when="TemporalRangeType == 'SEGMENT'",
            within="WaveformAnnotationSequence",
        ),
        count(
            "annotation-one-time",
            "values(ReferencedTimeOffsets) == 1",
            when="TemporalRangeType in ('POINT', 'BEGIN', 'END')",
            within="WaveformAnnotationSequence",
        ),
        count(
            "annotation-two-times",
            "values(ReferencedTimeOffsets) == 2",
            when="TemporalRangeType == 'SEGMENT'",
            within="WaveformAnnotationSequence",
        ),
        reference(
            "annotation-group",
            "ReferencedWaveformChannels[1] >= 1 and "
            "ReferencedWaveformChannels[1] <= items(dataset.WaveformSequence)",
            within="WaveformAnnotationSequence",
        ),
        reference(
            "annotation-sample",
            "ReferencedSamplePositions >= 1 and "
            "ReferencedSamplePositions <= max(dataset.WaveformSequence.NumberOfWaveformSamples)",
            within="WaveformAnnotationSequence",
        ),
        order(
            "annotation-sample-order",
            "ascending(ReferencedSamplePositions)",
            within="WaveformAnnotationSequence",
        ),
    ),
)
HANGING = Module(
    "Hanging Protocol Definition",
    "C.23.1",
    of=("hanging-protocol-definition",),
    relations=(
        value("screen-position", "DisplayEnvironmentSpatialPosition >= 0 and "
              "DisplayEnvironmentSpatialPosition <= 1", section="C.23.2.1.1"),
        count("hanging-screens", "NumberOfScreens == items(NominalScreenDefinitionSequence)",
              within="dataset", section="C.23.2"),
        order("hanging-display-sets", "numbered(DisplaySetsSequence.DisplaySetNumber)",
              within="dataset", section="C.23.3"),
        order("hanging-image-sets",
              "numbered(ImageSetsSequence.TimeBasedImageSetsSequence.ImageSetNumber)",
              within="dataset"),
        reference(
            "hanging-image-set",
            "ImageSetNumber in "
            "dataset.ImageSetsSequence.TimeBasedImageSetsSequence.ImageSetNumber",
            within="DisplaySetsSequence",
            section="C.23.3",
        ),
        order("hanging-boxes", "numbered(ImageBoxesSequence.ImageBoxNumber)",
              within="DisplaySetsSequence", section="C.23.3"),
    ),
)  # fmt: skip

MODULES = (
    DISPLAYED_AREA,
    GRAPHICS,
    WAVEFORM_IODS,
    WAVEFORM,
    WAVEFORM_ANNOTATION,
    STATE_RELATIONSHIP,
    BLENDING,
    HANGING,
)
