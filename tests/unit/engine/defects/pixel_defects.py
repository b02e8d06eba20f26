"""Defects of native pixels, of what describes them, and of other data with a size of their own."""

from collections.abc import Iterator

from unit.engine.clean import (
    documents,
    enhanced,
    images,
    microscopy,
    nuclear,
    radiotherapy,
    waveforms,
)
from unit.engine.clean.notation import DataSet, File, Of
from unit.engine.defects.defect import Defect, absent, put

_WAVEFORM = "WaveformSequence[0]"
_CHANNELS = f"{_WAVEFORM}>ChannelDefinitionSequence"
_GREY = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "Rows": 12}
_ENUMERATED = ("iod.value-not-allowed",)
_LONG = "pixel.length-long"
_RED = "RedPaletteColorLookupTable"


def cases() -> Iterator[Defect]:
    """Defects that a reader which only knows the data set would turn into noise."""
    yield from _lengths()
    yield from _descriptions()
    yield from _kinds_of_data()
    yield from _colours()
    yield from _frames()
    yield from _tables()
    yield from _overlays()
    yield from _waveforms()


def palette() -> File:
    """An ultrasound image with a palette of four colours."""
    tables: DataSet = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour in ("Red", "Green", "Blue")
        for part, value in (("Descriptor", (4, 0, 8)), ("Data", Of("OW", bytes(4))))
    }
    pixels = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "PALETTE COLOR",
        "PixelData": Of("OB", bytes(24)),
    }
    us = images.us().without("PlanarConfiguration")
    return File(us.dataset | tables | pixels)


def overlay() -> File:
    """A CT image with an overlay plane."""
    plane: DataSet = {
        "60000010": 4,
        "60000011": 6,
        "60000040": "G",
        "60000050": (1, 1),
        "60000100": 1,
        "60000102": 0,
        "60003000": bytes(4),
    }
    return File(images.ct().dataset | plane)


def icon() -> File:
    """A CT image with an icon."""
    pixels = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": 2,
        "Columns": 2,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": Of("OB", bytes(4)),
    }
    return images.ct().put("IconImageSequence", [pixels])


def _lengths() -> Iterator[Defect]:
    for base, length in (
        (images.mr(), 48),
        (images.us(), 72),
        (images.sc_true_color(), 144),
        (enhanced.enhanced_ct(), 144),
        (enhanced.segmentation(), 10),
        (radiotherapy.dose(), 96),
        (microscopy.whole_slide(), 288),
        (nuclear.nm(), 96),
    ):
        vr = "OB" if base.get("BitsAllocated") <= 8 else "OW"
        short, long = Of(vr, bytes(length - 2)), Of(vr, bytes(length + 2))
        yield put("pixel.length-short", base, "PixelData", short)
        yield put("pixel.length-long", base, "PixelData", long)
    yield absent("pixel.data-missing", images.pet(), "PixelData")


def _descriptions() -> Iterator[Defect]:
    ct, mr, us, pet = images.ct(), images.mr(), images.us(), images.pet()
    yield put("pixel.bits-stored", ct, "BitsStored", 17, along=_ENUMERATED)
    yield put("pixel.high-bit", mr, "HighBit", 15)
    yield put("pixel.high-bit", pet, "HighBit", 11)
    yield put("pixel.representation", ct, "PixelRepresentation", 2, along=_ENUMERATED)
    yield absent("pixel.attribute-missing", mr, "Rows")
    yield absent("pixel.attribute-missing", us, "BitsAllocated")
    yield put("pixel.attribute-invalid", ct, "Columns", 0)
    yield put("pixel.bits-allocated", ct, "BitsAllocated", 12, along=(*_ENUMERATED, _LONG))
    extremes = ct.put("SmallestImagePixelValue", 0).put("LargestImagePixelValue", 400)
    yield put("pixel.extremes", extremes, "SmallestImagePixelValue", 500)


def _kinds_of_data() -> Iterator[Defect]:
    ct = images.ct()
    yield put("pixel.vr", ct, "PixelData", Of("OB", bytes(48)))
    floats = Of("OF", (0.0,) * 24)
    yield put("pixel.data-ambiguous", ct, "FloatPixelData", floats)


def _colours() -> Iterator[Defect]:
    us, sc, photo = images.us(), images.sc(), images.photo()
    yield put("pixel.samples", us, "SamplesPerPixel", 1, along=("iod.not-allowed", _LONG))
    yield put("pixel.samples", sc, "PhotometricInterpretation", "MONOCHROME2", at="SamplesPerPixel")
    yield put("pixel.photometric-syntax", photo, "PhotometricInterpretation", "YBR_RCT")
    yield put(
        "pixel.photometric-syntax",
        us,
        "PhotometricInterpretation",
        "YBR_PARTIAL_420",
        along=(_LONG,),
    )
    yield put("pixel.planar-configuration", photo, "PlanarConfiguration", 2, along=_ENUMERATED)
    table = f"{_RED}Data"
    yield absent("pixel.palette-missing", palette(), table, along=("iod.type-1c-missing",))
    short = ("pixel.vr", "pixel.length-short")
    yield put("pixel.photometric-bits", palette(), "BitsAllocated", 32, along=short)


def _frames() -> Iterator[Defect]:
    loop, color, dose = images.us_multiframe(), images.sc_true_color(), radiotherapy.dose()
    yield put("pixel.frame-count-invalid", loop, "NumberOfFrames", 0, along=(_LONG,))
    consequences = ("value.integer", _LONG)
    yield put("pixel.frame-count-invalid", color, "NumberOfFrames", "two", along=consequences)
    yield put("multiframe.vector", dose, "GridFrameOffsetVector", (0, 2, 4))
    times = loop.without("FrameTime").put("FrameIncrementPointer", "FrameTimeVector")
    vector = times.put("FrameTimeVector", (0, 40, 40))
    yield put("multiframe.vector", vector, "FrameTimeVector", (0, 40))
    energies = "EnergyWindowVector"
    yield put("multiframe.vector", nuclear.nm(), energies, (1, 2, 1))
    ct = images.ct().put("PixelData", bytes(96)).put("NumberOfFrames", 2)
    extended = frozenset({"iod.attribute-unexpected"})
    yield Defect("multiframe.not-multiframe", images.ct(), ct, "NumberOfFrames", along=extended)
    missing = ("iod.type-1c-missing",)
    pointer = "FrameIncrementPointer"
    yield put("multiframe.pointer", loop, pointer, "FrameTimeVector", along=missing)


def _tables() -> Iterator[Defect]:
    base = palette()
    yield put("lut.length-short", base, f"{_RED}Data", Of("OW", bytes(2)))
    yield put("lut.length-long", base, f"{_RED}Data", Of("OW", bytes(20)))
    differing = ("lut.palettes-differ", "lut.length-short")
    yield put("lut.descriptor", base, f"{_RED}Descriptor", (4, 0, 1), along=differing)
    yield put("lut.palettes-differ", base, "BluePaletteColorLookupTableDescriptor", (4, 1, 8))
    table = {"LUTDescriptor": (4, 0, 16), "ModalityLUTType": "OD", "LUTData": Of("OW", bytes(8))}
    grey = File(images.sc().without("PlanarConfiguration").dataset | _GREY)
    modality = grey.put("ModalityLUTSequence", [table])
    data = "ModalityLUTSequence[0]>LUTData"
    yield put("lut.length-short", modality, data, Of("OW", bytes(6)))


def _overlays() -> Iterator[Defect]:
    base = overlay()
    yield put("overlay.length-short", base, "60003000", bytes(2))
    yield put("overlay.length-long", base, "60003000", bytes(20))
    yield put("overlay.bits", base, "60000100", 16)
    unused = base.put("60000102", 15).put("BitsStored", 12).put("HighBit", 11)
    yield Defect("overlay.embedded", base, unused.without("60003000"), "60003000")
    yield absent("overlay.bit-position", base, "60003000", at="60000102")
    state = documents.presentation_state().dataset
    planes = {keyword: base.get(keyword) for keyword in base.dataset if keyword[:4] == "6000"}
    shown = File(state | planes | {"60001001": "NOTES"})
    yield put("overlay.layer", shown, "60001001", "NOWHERE")
    shutter = {"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6000}
    shuttered = File(state | planes | shutter | {"ShutterPresentationValue": 0})
    yield put("overlay.shutter", shuttered, "ShutterOverlayGroup", 0x6002)
    pixels = "IconImageSequence[0]>PixelData"
    yield put("icon.length", icon(), pixels, Of("OB", bytes(2)))


def _waveforms() -> Iterator[Defect]:
    ecg = waveforms.ecg()
    yield put("waveform.length-short", ecg, f"{_WAVEFORM}>WaveformData", bytes(94))
    yield put("waveform.length-long", ecg, f"{_WAVEFORM}>WaveformData", bytes(120))
    yield put(
        "waveform.bits",
        ecg,
        f"{_WAVEFORM}>WaveformSampleInterpretation",
        "SB",
        at=f"{_WAVEFORM}>WaveformBitsAllocated",
        along=_ENUMERATED,
    )
    yield put("waveform.channels", ecg, _CHANNELS, ecg.get(_CHANNELS)[:11])
