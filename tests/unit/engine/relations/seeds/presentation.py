"""Seeds of presentation states, graphics, waveforms and hanging protocols."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import GONE, Change, Seed, seeded

_LIMITS = {
    "12-lead-ecg": ("12-lead-ecg", (199, 1001), 6, 14),
    "general-ecg": ("1.2.840.10008.5.1.4.1.1.9.1.2", (199, 1001), 5, 25),
    "ambulatory-ecg": ("ambulatory-ecg", (49, 1001), 2, 13),
    "hemodynamic": ("hemodynamic-waveform", (401, 1000), 5, 9),
    "electrophysiology": ("basic-cardiac-electrophysiology-waveform", (20001, 30000), 5, 0),
    "voice": ("basic-voice-audio-waveform", (8001, 7999), 2, 3),
}


def seeds() -> Iterator[Seed]:
    """Presentation states, then what is drawn over time, then screens."""
    yield from _presentation_state()
    yield from _waveforms()
    yield from _hanging_protocol()


def _presentation_state() -> Iterator[Seed]:
    shapes = [
        {"GraphicType": kind, "NumberOfGraphicPoints": points}
        | {"GraphicDimensions": 2, "GraphicData": (1.0,) * 2 * points}
        for kind, points in (("POINT", 1), ("CIRCLE", 2), ("ELLIPSE", 4), ("POLYLINE", 2))
    ]
    images = [{"ReferencedSOPInstanceUID": "2.25.5"}]
    text = {
        "UnformattedTextValue": "A",
        "BoundingBoxTopLeftHandCorner": (1.0, 1.0),
        "BoundingBoxBottomRightHandCorner": (2.0, 2.0),
    }
    compound = {"GraphicDimensions": 2, "NumberOfGraphicPoints": 1, "GraphicData": (1.0, 1.0)}
    dataset = {
        "ReferencedSeriesSequence": [
            {
                "SeriesInstanceUID": "2.25.3",
                "ReferencedImageSequence": [*images, {"ReferencedSOPInstanceUID": "2.25.6"}],
            },
            {"SeriesInstanceUID": "2.25.4"},
        ],
        "GraphicLayerSequence": [{"GraphicLayer": "ONE"}, {"GraphicLayer": "TWO"}],
        "GraphicAnnotationSequence": [
            {
                "GraphicLayer": "TWO",
                "ReferencedImageSequence": images,
                "GraphicObjectSequence": shapes,
                "TextObjectSequence": [text],
                "CompoundGraphicSequence": [compound],
            }
        ],
        "DisplayedAreaSelectionSequence": [
            {"ReferencedImageSequence": images, "PresentationPixelMagnificationRatio": 1.0}
        ],
        "SoftcopyVOILUTSequence": [{"ReferencedImageSequence": images}],
    }
    one = "GraphicAnnotationSequence[0]"
    shape, words = f"{one}>GraphicObjectSequence", f"{one}>TextObjectSequence[0]"
    series = "ReferencedSeriesSequence"
    other = "ReferencedImageSequence[0]>ReferencedSOPInstanceUID"

    def points(index: int, number: int) -> Change:
        return (
            f"{shape}[{index}]>NumberOfGraphicPoints",
            number,
            f"{shape}[{index}]>GraphicData",
            (1.0,) * 2 * number,
        )

    yield from seeded(
        "grayscale-softcopy-presentation-state",
        dataset,
        {
            "state-annotation-image": (f"{one}>{other}", "2.25.9"),
            "state-displayed-area-image": (f"DisplayedAreaSelectionSequence[0]>{other}", "2.25.9"),
            "state-window-image": (f"SoftcopyVOILUTSequence[0]>{other}", "2.25.9"),
            "graphic-values": [
                (f"{shape}[3]>NumberOfGraphicPoints", 3),
                (f"{shape}[3]>GraphicData", (1.0, 1.0, 1.0)),
            ],
            "graphic-dimensions": (
                f"{shape}[3]>GraphicDimensions",
                3,
                f"{shape}[3]>GraphicData",
                (1.0,) * 6,
            ),
            "graphic-point-points": points(0, 2),
            "graphic-circle-points": points(1, 3),
            "graphic-ellipse-points": points(2, 2),
            "graphic-line-points": points(3, 1),
            "graphic-point-filled": (f"{shape}[0]>GraphicFilled", "Y"),
            "graphic-layer": (f"{one}>GraphicLayer", "THREE"),
            "graphic-layer-repeated": ("GraphicLayerSequence[0]>GraphicLayer", "TWO"),
            "text-without-place": (f"{words}>BoundingBoxTopLeftHandCorner", GONE),
            "text-box-corner": (f"{words}>BoundingBoxBottomRightHandCorner", GONE),
            "compound-graphic-values": (
                f"{one}>CompoundGraphicSequence[0]>NumberOfGraphicPoints",
                2,
            ),
            "displayed-area-magnification": (
                "DisplayedAreaSelectionSequence[0]>PresentationPixelMagnificationRatio",
                0.0,
            ),
            "state-series-repeated": (f"{series}[1]>SeriesInstanceUID", "2.25.3"),
            "state-image-repeated": (
                f"{series}[0]>ReferencedImageSequence[1]>ReferencedSOPInstanceUID",
                "2.25.5",
            ),
        },
    )
    yield from seeded(
        "blending-softcopy-presentation-state",
        {
            "BlendingSequence": [
                {"BlendingPosition": "SUPERIMPOSED"},
                {"BlendingPosition": "UNDERLYING"},
            ],
            "RelativeOpacity": 0.5,
        },
        {
            "blending-two": ("BlendingSequence", [{"BlendingPosition": "SUPERIMPOSED"}]),
            "blending-positions": ("BlendingSequence[1]>BlendingPosition", "SUPERIMPOSED"),
            "blending-opacity": ("RelativeOpacity", 1.5),
        },
    )


def _waveforms() -> Iterator[Seed]:
    group = {
        "SamplingFrequency": 400,
        "NumberOfWaveformChannels": 2,
        "NumberOfWaveformSamples": 100,
        "WaveformBitsAllocated": 16,
        "WaveformSampleInterpretation": "SS",
        "ChannelDefinitionSequence": [
            {
                "WaveformBitsStored": 12,
                "WaveformChannelNumber": 1,
                "FilterLowFrequency": 1,
                "FilterHighFrequency": 100,
            },
            {"WaveformChannelNumber": 2},
        ],
    }
    one = "WaveformSequence[0]"
    for name, (sop_class, frequencies, groups, channels) in _LIMITS.items():
        clean = group
        if name == "voice":
            clean = group | {"SamplingFrequency": 8000, "WaveformSampleInterpretation": "UB"}
        changes: dict[str, list[Change]] = {
            f"{name}-frequency": [
                (f"{one}>SamplingFrequency", frequency) for frequency in frequencies
            ],
            f"{name}-groups": [("WaveformSequence", [clean] * groups)],
        }
        if channels:
            changes |= {f"{name}-channels": [(f"{one}>NumberOfWaveformChannels", channels)]}
        yield from seeded(sop_class, {"WaveformSequence": [clean]}, changes)
    annotations = [
        {"TemporalRangeType": "POINT", "ReferencedSamplePositions": (1,)},
        {"TemporalRangeType": "SEGMENT", "ReferencedSamplePositions": (1, 100)},
        {"TemporalRangeType": "BEGIN", "ReferencedTimeOffsets": 1},
        {"TemporalRangeType": "SEGMENT", "ReferencedTimeOffsets": (1, 2)},
        {"ReferencedWaveformChannels": (1, 2)},
    ]
    first = f"{one}>ChannelDefinitionSequence[0]"
    note = "WaveformAnnotationSequence"
    yield from seeded(
        "12-lead-ecg",
        {"WaveformSequence": [group], note: annotations},
        {
            "12-lead-ecg-samples": (f"{one}>NumberOfWaveformSamples", 16385),
            "channel-bits": (f"{first}>WaveformBitsStored", 17),
            "channel-filters": (f"{first}>FilterLowFrequency", 101),
            "channel-number-in-group": (f"{first}>WaveformChannelNumber", 2),
            "channel-skew-twice": (
                f"{first}>ChannelTimeSkew",
                0,
                f"{first}>ChannelSampleSkew",
                0,
            ),
            "annotation-one-sample": (f"{note}[0]>ReferencedSamplePositions", (1, 2)),
            "annotation-two-samples": (f"{note}[1]>ReferencedSamplePositions", (1,)),
            "annotation-one-time": (f"{note}[2]>ReferencedTimeOffsets", (1, 2)),
            "annotation-two-times": (f"{note}[3]>ReferencedTimeOffsets", 1),
            "annotation-group": [
                (f"{note}[4]>ReferencedWaveformChannels", (2, 1)),
                (f"{note}[4]>ReferencedWaveformChannels", (0, 1)),
            ],
            "annotation-sample": [
                (f"{note}[1]>ReferencedSamplePositions", (1, 101)),
                (f"{note}[0]>ReferencedSamplePositions", (0,)),
            ],
            "annotation-sample-order": (f"{note}[1]>ReferencedSamplePositions", (100, 1)),
        },
    )
    yield from seeded(
        "arterial-pulse-waveform",
        {"WaveformSequence": [group]},
        {
            "sampling-frequency-positive": (f"{one}>SamplingFrequency", 0),
            "waveform-channels-positive": (f"{one}>NumberOfWaveformChannels", 0),
        },
    )


def _hanging_protocol() -> Iterator[Seed]:
    dataset = {
        "NumberOfScreens": 1,
        "NominalScreenDefinitionSequence": [{}],
        "ImageSetsSequence": [
            {"TimeBasedImageSetsSequence": [{"ImageSetNumber": 1}, {"ImageSetNumber": 2}]}
        ],
        "DisplaySetsSequence": [
            {"DisplaySetNumber": 1, "ImageSetNumber": 2, "ImageBoxesSequence": []},
            {
                "DisplaySetNumber": 2,
                "ImageSetNumber": 1,
                "ImageBoxesSequence": [{"ImageBoxNumber": 1}, {"ImageBoxNumber": 2}],
            },
        ],
    }
    image_set = "ImageSetsSequence[0]>TimeBasedImageSetsSequence"
    yield from seeded(
        "hanging-protocol",
        dataset,
        {
            "hanging-screens": ("NumberOfScreens", 2),
            "hanging-display-sets": ("DisplaySetsSequence[1]>DisplaySetNumber", 3),
            "hanging-image-sets": (
                f"{image_set}[0]>ImageSetNumber",
                2,
                f"{image_set}[1]>ImageSetNumber",
                1,
            ),
            "hanging-image-set": ("DisplaySetsSequence[1]>ImageSetNumber", 3),
            "hanging-boxes": (
                "DisplaySetsSequence[1]>ImageBoxesSequence[0]>ImageBoxNumber",
                2,
            ),
        },
    )
