"""Rules of waveforms: samples against channels and bits (PS3.3 C.10.9)."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.encoding.elements import Element
from engine.encoding.items import Item, items_with
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import (
    CHANNEL_DEFINITION_SEQUENCE,
    NUMBER_OF_WAVEFORM_CHANNELS,
    NUMBER_OF_WAVEFORM_SAMPLES,
    WAVEFORM_BITS_ALLOCATED,
    WAVEFORM_DATA,
    WAVEFORM_SAMPLE_INTERPRETATION,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_BITS = {"SB": 8, "UB": 8, "MB": 8, "AB": 8, "SS": 16, "US": 16, "SL": 32, "UL": 32}
_BITS |= {"SV": 64, "UV": 64}


@RULES.check(
    "waveform.length-short",
    Severity.ERROR,
    "The data of a waveform are shorter than channels x samples.",
    "PS3.3 C.10.9.1.7",
    why="The end of the recording is lost, or samples are assigned to the wrong channels.",
    fix="Write every sample of every channel, or correct NumberOfWaveformSamples.",
    refusal="A part of the recording is lost.",
)
def waveforms_are_not_short(instance: Instance) -> Iterator[Violation]:
    """Each multiplex group has as many samples of each channel."""
    for item in items_with(instance.dataset, WAVEFORM_DATA):
        data, needed = item[WAVEFORM_DATA], _length(item)
        if needed is not None and data.length < needed:
            yield Violation(data, f"{needed} bytes", f"{data.length} bytes")


@RULES.check(
    "waveform.length-long",
    Severity.WARNING,
    "The data of a waveform are longer than channels x samples.",
    "PS3.3 C.10.9.1.7",
    why="The time of samples at the end is unknown, or samples are assigned to the wrong channels.",
    fix="Correct NumberOfWaveformSamples and NumberOfWaveformChannels, or cut the data off.",
)
def waveforms_are_not_long(instance: Instance) -> Iterator[Violation]:
    """One byte of padding makes an odd length even."""
    for item in items_with(instance.dataset, WAVEFORM_DATA):
        data, needed = item[WAVEFORM_DATA], _length(item)
        if needed is not None and data.length > needed + needed % 2:
            yield Violation(data, f"{needed} bytes", f"{data.length} bytes")


@RULES.check(
    "waveform.bits",
    Severity.ERROR,
    "WaveformBitsAllocated does not fit WaveformSampleInterpretation.",
    "PS3.3 C.10.9.1.5",
    why="Readers that go by one of them take two samples for one, or one for two.",
    fix="Set WaveformBitsAllocated to 8 for SB, UB, MB and AB, 16 for SS and US, 32 for SL and "
    "UL, 64 for SV and UV.",
    refusal="Where one sample ends and the next begins is unknown.",
)
def waveform_bits_fit_the_interpretation(instance: Instance) -> Iterator[Violation]:
    """Each interpretation has a size of its own."""
    for item in items_with(instance.dataset, WAVEFORM_DATA):
        element, interpretation = (
            item.get(WAVEFORM_BITS_ALLOCATED),
            item.get(WAVEFORM_SAMPLE_INTERPRETATION),
        )
        if element and interpretation:
            expected, found = _BITS.get(interpretation.text(16)), _number(element)
            if expected is not None and found != expected:
                yield Violation(element, f"{expected}", f"{found}")


@RULES.check(
    "waveform.channels",
    Severity.WARNING,
    "A waveform has another number of channel definitions than of channels.",
    "PS3.3 C.10.9",
    why="A channel without a definition has no source, unit or scale, so that its curve cannot be "
    "read.",
    fix="Write one item of ChannelDefinitionSequence for each channel, in the order of the "
    "samples.",
)
def channels_are_defined(instance: Instance) -> Iterator[Violation]:
    """One item for each channel."""
    for item in items_with(instance.dataset, WAVEFORM_DATA):
        definitions, channels = (
            item.get(CHANNEL_DEFINITION_SEQUENCE),
            _number(item.get(NUMBER_OF_WAVEFORM_CHANNELS)),
        )
        if definitions and channels:
            found = sum(1 for _ in definitions.children())
            if found != channels:
                yield Violation(definitions, f"{channels} items", f"{found}")


def _length(item: Item) -> int | None:
    """The length of the samples in bytes; None if the item does not say."""
    channels, samples = (
        _number(item.get(NUMBER_OF_WAVEFORM_CHANNELS)),
        _number(item.get(NUMBER_OF_WAVEFORM_SAMPLES)),
    )
    bits = _number(item.get(WAVEFORM_BITS_ALLOCATED))
    return channels * samples * bits // 8 if channels and samples and bits else None


def _number(element: Element | None) -> int:
    return element.integer() or 0 if element else 0
