"""All rules by layer, and by code: the one list that a new file of rules is added to."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.rule import Rule
from engine.rules import (
    codestream,
    date,
    decoding,
    document,
    element,
    file,
    geometry,
    icon,
    iod,
    lut,
    meta,
    multiframe,
    overlay,
    pixel,
    private,
    reference,
    relation,
    safety,
    series,
    site,
    sr,
    structure,
    study,
    uid,
    value,
    waveform,
)


class Layer(NamedTuple):
    """The rules whose codes have the same prefix."""

    title: str
    rules: Iterable[Rule]

    @property
    def sorted_rules(self) -> list[Rule]:
        """The rules by code, as documentation lists them."""
        return sorted(self.rules, key=lambda rule: rule.code)


LAYERS = (
    Layer("The file: preamble, prefix, kind of file", file.RULES),
    Layer("File meta information", meta.RULES),
    Layer("Encoding of the data set", structure.RULES),
    Layer("Private elements", private.RULES),
    Layer("Single values", value.RULES),
    Layer("Unique identifiers", uid.RULES),
    Layer("Elements without which an instance is not filed", element.RULES),
    Layer("Information object definitions", iod.RULES),
    Layer("Functional groups and frames", multiframe.RULES),
    Layer("Dates and ages", date.RULES),
    Layer("References to other instances", reference.RULES),
    Layer("Relations between attributes", relation.RULES),
    Layer("Pixel data and its description", pixel.RULES),
    Layer("Compressed frames: their headers", codestream.RULES),
    Layer("Compressed frames: decoding", decoding.RULES),
    Layer("Position and orientation of the image", geometry.RULES),
    Layer("Icons", icon.RULES),
    Layer("Lookup tables", lut.RULES),
    Layer("Overlays", overlay.RULES),
    Layer("Waveforms", waveform.RULES),
    Layer("Content of structured reports", sr.RULES),
    Layer("Encapsulated documents", document.RULES),
    Layer("Safety", safety.RULES),
    Layer("The instances of a series", series.RULES),
    Layer("The instances of a study", study.RULES),
    Layer("A site's own rules", site.RULES),
)
"""All rules, in the order in which documentation lists them."""

RULES: Mapping[str, Rule] = {rule.code: rule for layer in LAYERS for rule in layer.rules}
"""Every rule by its code."""
