"""Decodes frames if the profile asks for it, and checks their samples."""

from engine.codestreams.codestream import Codestream
from engine.codestreams.decoding import (
    DecodingError,
    UnavailableError,
    count_of_samples,
    decode,
    has_stray_bits,
    native_samples,
)
from engine.codestreams.frame import Frame
from engine.encoding.elements import Element
from engine.findings import Findings
from engine.image import Image, Layout
from engine.instance import Instance
from engine.rules import decoding as rules
from engine.rules.overlay import has_embedded_overlay
from engine.violation import Violation

_WIDTHS = {8, 16, 32, 64}


class Samples:
    """Decodes the frames that the profile asks for, as long as a decoder is available."""

    def __init__(self, instance: Instance, image: Image, findings: Findings) -> None:
        self._findings = findings
        self._image = image
        self._instance = instance
        self._wanted = instance.profile.decode
        self._layout = image.layout
        self._ranges = not has_embedded_overlay(image.dataset)
        limit = instance.profile.limits.max_pixel_bytes
        if self._layout is None or self._layout.frame_bits > 8 * limit:
            self._wanted = "none"

    def check(self, number: int, frame: Frame, header: Codestream) -> None:
        """Decode a frame."""
        layout = self._layout
        if layout is None or self._wanted == "none" or (number and self._wanted == "first"):
            return
        try:
            samples = decode(frame.read(0, frame.length), header, layout)
        except UnavailableError as error:
            self._stop(f"{header.codec.value} ({self._uid})", str(error))
            return
        except DecodingError as error:
            found = f"{error} in frame {number}"
            self._findings.add(rules.FAILED, Violation(frame.element, found=found))
            return
        expected = count_of_samples(header.codec, layout)
        if samples.size != expected:
            found = f"{samples.size} samples in frame {number}"
            self._findings.add(rules.SHAPE, Violation(frame.element, f"{expected} samples", found))
        elif self._ranges and has_stray_bits(samples, layout):
            self._add_range(frame.element, number, layout)

    def check_native(self) -> None:
        """Check the values of pixels that are not compressed."""
        layout, element = self._layout, self._image.pixel_data
        if layout is None or self._wanted == "none" or not self._ranges:
            return
        if layout.bits_stored >= layout.bits_allocated or layout.bits_allocated not in _WIDTHS:
            return
        size = layout.frame_bits // 8
        frames = 1 if self._wanted == "first" else min(layout.frames, element.length // size)
        for number in range(frames):
            try:
                is_stray = self._has_stray_bits(layout, element.offset + number * size, size)
            except UnavailableError as error:
                self._stop(f"native pixels ({self._uid})", str(error))
                return
            if is_stray:
                self._add_range(element, number, layout)

    def _has_stray_bits(self, layout: Layout, start: int, size: int) -> bool:
        dataset = self._image.dataset
        with memoryview(dataset.data)[start : start + size] as frame:
            return has_stray_bits(native_samples(frame, layout, dataset.byte_order), layout)

    def _stop(self, found: str, advice: str) -> None:
        """Report once that there is no decoder, and decode nothing more."""
        violation = Violation(self._image.pixel_data, advice, found)
        self._findings.add(rules.UNAVAILABLE, violation)
        self._wanted = "none"

    @property
    def _uid(self) -> str:
        syntax = self._instance.transfer_syntax
        return syntax.uid if syntax else "no transfer syntax"

    def _add_range(self, element: Element, number: int, layout: Layout) -> None:
        expected = f"values of {layout.bits_stored} bits"
        self._findings.add(
            rules.VALUE_RANGE, Violation(element, expected, f"more in frame {number}")
        )
