"""Rules of overlay planes (PS3.3 C.9.2)."""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.report import Severity
from engine.encoding.elements import Element, Elements
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import (
    BITS_STORED,
    GRAPHIC_LAYER,
    GRAPHIC_LAYER_SEQUENCE,
    HIGH_BIT,
    SHUTTER_OVERLAY_GROUP,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_GROUPS = range(0x60000000, 0x60200000, 0x00020000)
_ROWS, _COLUMNS, _FRAMES = 0x0010, 0x0011, 0x0015
_BITS_ALLOCATED, _BIT_POSITION, _DATA = 0x0100, 0x0102, 0x3000
_ACTIVATION_LAYER = 0x1001


class _Overlay(NamedTuple):
    data: Element
    needed: int
    """The length of its bits, in bytes."""


@RULES.check(
    "overlay.length-short",
    Severity.WARNING,
    "The data of an overlay is shorter than its plane.",
    "PS3.3 C.9.2",
    why="The lower part of the overlay is lost, with the marks or annotations in it.",
    fix="Write one bit for each of OverlayRows x OverlayColumns x NumberOfFramesInOverlay.",
)
def overlays_are_not_short(instance: Instance) -> Iterator[Violation]:
    """One bit for each pixel, packed across rows and frames."""
    for overlay in _overlays(instance.dataset):
        if overlay.data.length < overlay.needed:
            yield _length(overlay)


@RULES.check(
    "overlay.length-long",
    Severity.WARNING,
    "The data of an overlay is longer than its plane.",
    "PS3.3 C.9.2",
    why="Either the size of the plane is wrong, so that the overlay appears sheared, or bytes are "
    "in it that no viewer shows.",
    fix="Cut OverlayData off behind the plane, or correct OverlayRows and OverlayColumns.",
)
def overlays_are_not_long(instance: Instance) -> Iterator[Violation]:
    """One byte of padding makes an odd length even."""
    for overlay in _overlays(instance.dataset):
        # Some devices pad the bits to whole words.
        if overlay.data.length > overlay.needed + overlay.needed % 2:
            yield _length(overlay)


@RULES.check(
    "overlay.bits",
    Severity.WARNING,
    "An overlay with data of its own has other than one bit allocated, or a bit position.",
    "PS3.3 C.9.2",
    why="Readers look for the overlay in the bits of the pixels and do not find it.",
    fix="Set OverlayBitsAllocated to 1 and OverlayBitPosition to 0.",
)
def overlays_have_one_bit(instance: Instance) -> Iterator[Violation]:
    """Other values belong to overlays within the pixel data."""
    dataset = instance.dataset
    for group in _GROUPS:
        if dataset.get(group + _DATA):
            for number, expected in ((_BITS_ALLOCATED, 1), (_BIT_POSITION, 0)):
                element = dataset.get(group + number)
                if element and element.length and element.integer() != expected:
                    yield Violation(element, str(expected), str(element.integer()))


@RULES.check(
    "overlay.embedded",
    Severity.WARNING,
    "An overlay is in unused bits of the pixels.",
    "PS3.3 C.9.2",
    why="That was retired in 2004. Compression and most viewers drop such an overlay without a "
    "word.",
    fix="Move its bits into OverlayData (60xx,3000).",
)
def overlays_have_data(instance: Instance) -> Iterator[Violation]:
    """A plane without data of its own."""
    for group in _embedded(instance.dataset):
        if _used_bit(instance.dataset, group) is None:
            yield Violation(group + _DATA)


@RULES.check(
    "overlay.bit-position",
    Severity.WARNING,
    "An overlay has no data of its own, and its bit is one of those that the pixels use.",
    "PS3.3 C.9.2",
    why="Viewers draw the pixels themselves as an overlay, or show the overlay as part of them.",
    fix="Write the overlay into OverlayData (60xx,3000), or take out the group without data.",
)
def embedded_overlays_are_in_unused_bits(instance: Instance) -> Iterator[Violation]:
    """Until 2004 an overlay could be in bits above or below those that are stored."""
    for group in _embedded(instance.dataset):
        position = _used_bit(instance.dataset, group)
        if position is not None:
            yield Violation(position, "a bit that is not stored", f"bit {position.integer()}")


@RULES.check(
    "overlay.shutter",
    Severity.WARNING,
    "ShutterOverlayGroup names an overlay that is not there.",
    "PS3.3 C.7.6.15",
    why="The shutter is a bitmap: without it all of the image is shown, or nothing.",
    fix="Write the group of the overlay that is the shutter, or add that overlay.",
)
def shutters_have_their_overlay(instance: Instance) -> Iterator[Violation]:
    """A group such as 6000H."""
    element = instance.dataset.get(SHUTTER_OVERLAY_GROUP)
    group = None if element is None else element.integer()
    if element is not None and group is not None and instance.dataset.is_whole:
        rows = (group << 16) + _ROWS
        if instance.dataset.get(rows) is None and not instance.dataset.may_have(rows):
            yield Violation(element, "the group of an overlay", f"{group:04X}H")


@RULES.check(
    "overlay.layer",
    Severity.WARNING,
    "An overlay is to be shown in a graphic layer that is not there.",
    "PS3.3 C.11.7",
    why="Viewers do not show the overlay, or show it on top of everything.",
    fix="Add the layer to GraphicLayerSequence, or write the name of one that is there.",
)
def overlays_are_in_layers(instance: Instance) -> Iterator[Violation]:
    """Layers have names; an overlay that no layer is named for is not shown."""
    dataset = instance.dataset
    layers = dataset.get(GRAPHIC_LAYER_SEQUENCE)
    if layers is None or not dataset.is_whole:
        return
    known = {
        Element(dataset, row).text()
        for item in layers.children()
        if (row := dataset.level(item.row).get(GRAPHIC_LAYER)) is not None
    }
    for group in _GROUPS:
        layer = dataset.get(group + _ACTIVATION_LAYER)
        if layer is not None and not layer.is_empty and layer.text() not in known:
            yield Violation(layer, "a layer of GraphicLayerSequence", None, layer.value(64))


def has_embedded_overlay(dataset: Elements) -> bool:
    """Whether bits of the pixels above those stored belong to an overlay."""
    return next(_embedded(dataset), None) is not None


def _used_bit(dataset: Elements, group: int) -> Element | None:
    """The position of an overlay's bit, if pixels use that bit."""
    position = dataset.get(group + _BIT_POSITION)
    high, stored = _number(dataset, HIGH_BIT), _number(dataset, BITS_STORED)
    bit = None if position is None else position.integer()
    return position if bit is not None and high - stored < bit <= high else None


def _embedded(dataset: Elements) -> Iterator[int]:
    for group in _GROUPS:
        rows = dataset.get(group + _ROWS)
        data = group + _DATA
        if rows and not dataset.get(data) and not dataset.may_have(data):
            yield group


def _overlays(dataset: Elements) -> Iterator[_Overlay]:
    for group in _GROUPS:
        data = dataset.get(group + _DATA)
        if data:
            rows, columns = _number(dataset, group + _ROWS), _number(dataset, group + _COLUMNS)
            frames = _number(dataset, group + _FRAMES) or 1
            if rows and columns:
                yield _Overlay(data, (rows * columns * frames + 7) // 8)


def _number(dataset: Elements, tag: int) -> int:
    element = dataset.get(tag)
    return max(element.integer() or 0, 0) if element else 0


def _length(overlay: _Overlay) -> Violation:
    return Violation(overlay.data, f"{overlay.needed} bytes", f"{overlay.data.length} bytes")
