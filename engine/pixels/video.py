"""Compares the headers of a video with transfer syntax and data set (PS3.5 8.2.5 to 8.2.11)."""

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

from engine.codestreams.codestream import Codestream
from engine.encoding.elements import Elements
from engine.encoding.transfer_syntax import TransferSyntax
from engine.image import Image
from engine.rules import codestream as rules
from engine.tags import (
    CINE_RATE,
    FRAME_TIME,
    NUMBER_OF_FRAMES,
    PHOTOMETRIC_INTERPRETATION,
    RECOMMENDED_DISPLAY_FRAME_RATE,
)
from engine.violation import RuleViolation, Violation


class _Limits(NamedTuple):
    """What a transfer syntax allows, by the numbers in the headers."""

    name: str
    profiles: frozenset[int]
    levels: range
    """Of MPEG-2 the highest level has the lowest number."""

    def allow(self, header: Codestream) -> bool:
        """Whether a video is allowed, as far as its headers say."""
        if header.profile is None or header.level is None:
            return True
        return header.profile in self.profiles and header.level in self.levels


_ROOT = "1.2.840.10008.1.2.4."
# A decoder of the high profile decodes the main and the constrained baseline profile as well.
_HIGH, _STEREO_HIGH = frozenset({77, 100}), frozenset({77, 100, 118, 128})
_LIMITS = {
    f"{_ROOT}{number}{fragmentable}": limits
    for numbers, limits in {
        (100,): _Limits("MPEG-2 Main Profile at Main Level", frozenset({4, 5}), range(8, 16)),
        (101,): _Limits("MPEG-2 Main Profile at High Level", frozenset({4, 5}), range(4, 16)),
        (102, 103): _Limits("H.264 High Profile at level 4.1", _HIGH, range(42)),
        (104, 105): _Limits("H.264 High Profile at level 4.2", _HIGH, range(43)),
        (106,): _Limits("H.264 Stereo High Profile at level 4.2", _STEREO_HIGH, range(43)),
        (107,): _Limits("H.265 Main Profile at level 5.1", frozenset({1}), range(154)),
        (108,): _Limits("H.265 Main 10 Profile at level 5.1", frozenset({1, 2}), range(154)),
    }.items()
    for number in numbers
    for fragmentable in ("", ".1")
}
_SAMPLINGS = {
    "YBR_PARTIAL_420": "4:2:0",
    "YBR_PARTIAL_422": "4:2:2",
    "YBR_FULL_422": "4:2:2",
    "YBR_FULL": "4:4:4",
    "RGB": "4:4:4",
}
_TOLERANCE = 0.02
"""By what part rates may differ: 29.97 is often written as 30, and 33.37 ms as 33."""


def video_violations(
    syntax: TransferSyntax, image: Image, header: Codestream
) -> Iterator[RuleViolation]:
    """What the headers of a video say otherwise than the rest of the file.

    Args:
        syntax: the transfer syntax.
        image: the image that the video is the pixel data of.
        header: of the video.
    """
    limits = _LIMITS.get(syntax.uid)
    if limits and not limits.allow(header):
        found = f"profile {header.profile}, level {header.level}"
        yield rules.PROFILE, Violation(None, limits.name, found)
    photometric = image.dataset.text(PHOTOMETRIC_INTERPRETATION)
    expected = _SAMPLINGS.get(photometric)
    if expected and header.sampling and header.sampling != expected:
        found = f"{header.sampling} in the video"
        yield rules.SAMPLING, Violation(None, f"{expected} ({photometric})", found)
    stated = image.number(NUMBER_OF_FRAMES)
    if stated and header.frames is not None and stated != header.frames:
        yield rules.FRAME_COUNT, Violation(None, f"{stated} frames", f"{header.frames}")
    if header.rate is not None:
        yield from _against_rates(image.dataset, header, float(header.rate))


def _against_rates(dataset: Elements, header: Codestream, rate: float) -> Iterator[RuleViolation]:
    # The headers of fields may give the rate of fields, and data sets that of frames.
    rates = [rate] if header.progressive else [rate, rate / 2, rate * 2]
    time = _number(dataset, FRAME_TIME)
    if time and not any(_is_near(time, 1000 / each, least=1.0) for each in rates):
        expected = f"a FrameTime of {1000 / rate:.4g} ms"
        yield rules.RATE, Violation(None, expected, f"{time:.4g} ms")
    for tag, name in (
        (CINE_RATE, "CineRate"),
        (RECOMMENDED_DISPLAY_FRAME_RATE, "RecommendedDisplayFrameRate"),
    ):
        stated = _number(dataset, tag)
        if stated and not any(_is_near(stated, each, least=0.51) for each in rates):
            yield rules.RATE, Violation(None, f"a {name} of {rate:.4g}", f"{stated:g}")


def _is_near(one: float, other: float, *, least: float) -> bool:
    return abs(one - other) <= max(least, _TOLERANCE * other)


def _number(dataset: Elements, tag: int) -> float | None:
    """The first value of a decimal number; None if there is none above zero."""
    element = dataset.get(tag)
    try:
        number = float(element.values()[0]) if element else 0.0
    except (ValueError, IndexError):
        return None
    return number if isfinite(number) and number > 0 else None
