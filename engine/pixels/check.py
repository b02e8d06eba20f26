"""The layer of the pixels: the header of each compressed frame, and decoding if it is asked for."""

from engine.codestreams.codestream import Codestream, InvalidError, TruncatedError
from engine.codestreams.decoding import (
    DecodingError,
    UnavailableError,
    count_of_samples,
    decode,
    has_stray_bits,
    native_samples,
)
from engine.codestreams.frame import Frame
from engine.codestreams.framing import frames_of
from engine.codestreams.header import read_header
from engine.encoding.elements import Element
from engine.findings import Findings
from engine.image import Image, Layout
from engine.instance import Instance
from engine.pixels.conformance import Breach, breaches
from engine.rules import codestream as codestream_rules
from engine.rules import decoding as rules
from engine.rules.overlay import has_embedded_overlay
from engine.tags import PIXEL_DATA
from engine.violation import Violation


def check_pixels(instance: Instance, findings: Findings) -> None:
    """Look at every frame of an image once, one at a time.

    Args:
        instance: the instance; nothing happens if it has no pixel data.
        findings: takes what is wrong.
    """
    image, syntax = instance.image, instance.transfer_syntax
    if image is None or image.tag != PIXEL_DATA:
        return
    decoding = _Decoding(instance, image, findings)
    if not image.is_encapsulated:
        decoding.check_native()
    elif syntax and syntax.codec:
        last: Codestream | None = None
        breached: tuple[Breach, ...] = ()
        for number, frame in enumerate(frames_of(instance)):
            header = _header(instance, number, frame, findings)
            if header is None:
                continue
            if header != last:  # frames as a rule have one and the same
                last, breached = header, tuple(breaches(instance, header))
            for breach in breached:
                found = f"{breach.found} in frame {number}"
                findings.add(breach.rule, Violation(frame.element, breach.expected, found))
            if not any(breach.is_fatal for breach in breached):
                decoding.check(number, frame, header)


def _header(instance: Instance, number: int, frame: Frame, findings: Findings) -> Codestream | None:
    """The header of a frame; None if it has none that can be read."""
    syntax = instance.transfer_syntax
    if syntax is None or syntax.codec is None:
        return None
    try:
        return read_header(frame, syntax.codec)
    except InvalidError as error:
        rule, found = codestream_rules.INVALID, str(error)
    except TruncatedError as error:
        rule, found = codestream_rules.TRUNCATED, str(error)
    findings.add(rule, Violation(frame.element, found=f"{found} in frame {number}"))
    return None


class _Decoding:
    """Decodes the frames that the profile asks for, as long as a decoder is there."""

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
            self._give_up(f"{header.codec.value} ({self._uid})", str(error))
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
        """Look at the values of pixels that are not compressed."""
        layout, element = self._layout, self._image.pixel_data
        if layout is None or self._wanted == "none" or not self._ranges:
            return
        size, order = layout.frame_bits // 8, self._image.dataset.byte_order
        if layout.bits_stored >= layout.bits_allocated or layout.bits_allocated not in _WIDTHS:
            return
        for number in range(1 if self._wanted == "first" else layout.frames):
            start = element.offset + number * size
            if start + size > element.offset + element.length:
                return
            try:
                with memoryview(self._image.dataset.data)[start : start + size] as frame:
                    is_stray = has_stray_bits(native_samples(frame, layout, order), layout)
            except UnavailableError as error:
                self._give_up(f"native pixels ({self._uid})", str(error))
                return
            if is_stray:
                self._add_range(element, number, layout)

    def _give_up(self, found: str, advice: str) -> None:
        """Say once that there is no decoder, and decode nothing more."""
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


_WIDTHS = {8, 16, 32, 64}
