"""Checks every frame of an image once: the headers of compressed frames, and their samples."""

from engine.codestreams.codestream import Codestream, InvalidError, TruncatedError
from engine.codestreams.frame import Frame
from engine.codestreams.framing import frames_of
from engine.codestreams.header import read_header
from engine.encoding.transfer_syntax import Codec
from engine.findings import Findings
from engine.instance import Instance
from engine.pixels.conformance import FATAL, header_violations
from engine.pixels.samples import Samples
from engine.rules import codestream as rules
from engine.tags import PIXEL_DATA
from engine.violation import RuleViolation, Violation


def check_pixels(instance: Instance, findings: Findings) -> None:
    """Check the frames of an image, one at a time.

    Args:
        instance: the instance; nothing happens if it has no pixel data.
        findings: collects the violations.
    """
    image, syntax = instance.image, instance.transfer_syntax
    if image is None or image.tag != PIXEL_DATA:
        return
    samples = Samples(instance, image, findings)
    if not image.is_encapsulated:
        samples.check_native()
    elif syntax and syntax.codec:
        _check_frames(instance, syntax.codec, samples, findings)


def _check_frames(instance: Instance, codec: Codec, samples: Samples, findings: Findings) -> None:
    last: Codestream | None = None
    violations: tuple[RuleViolation, ...] = ()
    for number, frame in enumerate(frames_of(instance)):
        header = _header(frame, number, codec, findings)
        if header is None:
            continue
        if header != last:  # most images have the same header in all frames
            last, violations = header, tuple(header_violations(instance, header))
        for rule, violation in violations:
            found = f"{violation.found} in frame {number}"
            findings.add(rule, violation._replace(at=frame.element, found=found))
        if not any(rule in FATAL for rule, _ in violations):
            samples.check(number, frame, header)


def _header(frame: Frame, number: int, codec: Codec, findings: Findings) -> Codestream | None:
    """The header of a frame; None if it has none that can be read."""
    try:
        return read_header(frame, codec)
    except InvalidError as error:
        rule, found = rules.INVALID, str(error)
    except TruncatedError as error:
        rule, found = rules.TRUNCATED, str(error)
    findings.add(rule, Violation(frame.element, found=f"{found} in frame {number}"))
    return None
