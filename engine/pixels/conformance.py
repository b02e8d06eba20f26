"""Compares the header of a compressed frame with the transfer syntax and the data set."""

from collections.abc import Iterator

from engine.codestreams.codestream import HIERARCHY, Codestream
from engine.encoding.transfer_syntax import (
    HTJ2K_RPCL,
    JPEG_LOSSLESS_FIRST_ORDER,
    Codec,
    TransferSyntax,
)
from engine.image import Layout
from engine.instance import Instance
from engine.pixels.video import video_violations
from engine.rule import Rule
from engine.rules import codestream as rules
from engine.tags import LOSSY_IMAGE_COMPRESSION
from engine.violation import RuleViolation, Violation

_RPCL = 2
_THUMBNAIL = 64
"""How many rows or columns the smallest image may have (PS3.5 10.18)."""
_LEFT_NEIGHBOUR = 1
_JPEG_2000 = {Codec.JPEG_2000, Codec.HTJ2K}
_VIDEO = {Codec.MPEG_2, Codec.H_264, Codec.H_265}
_SIGNED = {True: "signed", False: "unsigned"}


FATAL = (
    rules.KIND,
    rules.DIMENSIONS,
    rules.COMPONENTS,
    rules.PRECISION,
    rules.SEGMENTS,
    rules.LENGTH,
)
"""If one of these rules is broken, there is no point in decoding the frame."""


def header_violations(instance: Instance, header: Codestream) -> Iterator[RuleViolation]:
    """Every difference between the header of a frame and the rest of the file."""
    syntax, image = instance.transfer_syntax, instance.image
    if syntax is None or syntax.codec is None or image is None:
        return
    if header.codec is not syntax.codec:
        yield _broken(rules.KIND, syntax.codec.value, header.codec.value)
        return
    yield from _against_syntax(syntax, header)
    is_lossy = header.lossless is False or header.codec in _VIDEO
    if is_lossy and not syntax.lossless and image.dataset.text(LOSSY_IMAGE_COMPRESSION) != "01":
        yield _broken(rules.LOSSY_UNDECLARED, "LossyImageCompression 01", "loss")
    if header.codec in _VIDEO:
        yield from video_violations(syntax, image, header)
    if image.layout:
        yield from _against_layout(image.layout, header)
        yield from _against_colours(image.layout.photometric, header)


def _broken(rule: Rule, expected: str | None, found: str) -> RuleViolation:
    return rule, Violation(None, expected, found)


def _against_syntax(syntax: TransferSyntax, header: Codestream) -> Iterator[RuleViolation]:
    yield from _against_process(syntax, header)
    if not header.whole_spectrum:
        yield _broken(rules.SCAN, "coefficients 0 to 63", "others")
    if syntax.uid == HTJ2K_RPCL:
        yield from _against_thumbnails(header)
    if not header.consistent:
        yield _broken(rules.CAPABILITIES, "both or none", "CAP or COD alone")
    if header.wrapped and header.codec in _JPEG_2000:
        yield _broken(rules.WRAPPED, "a codestream", "a JP2 file")
    if not header.ended:
        # In JPEG 2000 all tile-parts have been found to be there.
        rule = rules.END_MISSING if header.codec in _JPEG_2000 else rules.TRUNCATED
        yield _broken(rule, "FF D9 at the end", "no end marker")
    elif header.trailing:
        yield _broken(rules.TRAILING, None, "bytes behind the end marker")


def _against_thumbnails(header: Codestream) -> Iterator[RuleViolation]:
    if header.progression != _RPCL:
        yield _broken(rules.PROGRESSION, "order 2 (RPCL)", f"order {header.progression}")
    if not header.tile_lengths:
        yield _broken(rules.THUMBNAIL, "the marker TLM", "none")
    if header.rows and header.columns and header.decompositions is not None:
        smallest = min(header.rows, header.columns) >> min(header.decompositions, 32)
        if smallest > _THUMBNAIL:
            found = f"{header.decompositions} of {header.rows} x {header.columns}"
            yield _broken(rules.THUMBNAIL, "enough decompositions", found)


def _against_process(syntax: TransferSyntax, header: Codestream) -> Iterator[RuleViolation]:
    is_other = syntax.processes and header.process not in syntax.processes
    if is_other and header.process is not None:
        expected = " or ".join(map(_process, syntax.processes))
        yield _broken(rules.PROCESS, expected, _process(header.process))
    elif syntax.uid == JPEG_LOSSLESS_FIRST_ORDER and header.predictor != _LEFT_NEIGHBOUR:
        yield _broken(rules.PROCESS, "predictor 1", f"predictor {header.predictor}")
    elif syntax.lossless and header.lossless is False:
        yield _broken(rules.NOT_LOSSLESS, "no loss", "loss")


def _process(marker: int) -> str:
    return "DHP" if marker == HIERARCHY else f"SOF{marker - 0xC0}"


def _against_layout(layout: Layout, header: Codestream) -> Iterator[RuleViolation]:
    size = f"{layout.rows} x {layout.columns}"
    if header.rows and header.columns and size != f"{header.rows} x {header.columns}":
        yield _broken(rules.DIMENSIONS, size, f"{header.rows} x {header.columns}")
    if header.components not in {None, layout.samples}:
        yield _broken(rules.COMPONENTS, f"{layout.samples} components", f"{header.components}")
    yield from _against_samples(layout, header)
    segments = layout.samples * ((layout.bits_allocated + 7) // 8)
    if header.segments not in {None, segments}:
        yield _broken(rules.SEGMENTS, f"{segments} segments", f"{header.segments} segments")
    length = (layout.frame_bits + 7) // 8
    if header.length not in {None, length, length + length % 2}:
        yield _broken(rules.LENGTH, f"{length} bytes", f"{header.length} bytes")


def _against_samples(layout: Layout, header: Codestream) -> Iterator[RuleViolation]:
    found = f"{header.precision} bits"
    if header.precision is not None and header.precision > layout.bits_allocated:
        yield _broken(rules.PRECISION, f"at most {layout.bits_allocated} bits", found)
    elif header.precision not in {None, layout.bits_stored}:
        yield _broken(rules.BITS_STORED, f"{layout.bits_stored} bits", found)
    if header.signed not in {None, layout.signed}:
        expected = f"{_SIGNED[layout.signed]} samples"
        yield _broken(rules.SIGN, expected, f"{_SIGNED[bool(header.signed)]} ones")


def _against_colours(photometric: str, header: Codestream) -> Iterator[RuleViolation]:
    if header.components != 3:
        return
    if header.codec in _JPEG_2000:
        yield from _against_jpeg_2000_colours(photometric, header)
    elif header.codec is Codec.JPEG and header.lossless is False:
        if photometric == "RGB" and (header.transformed or header.subsampled):
            yield _broken(rules.COLOUR, "YBR_FULL_422", "RGB")
        elif photometric.startswith("YBR_") and header.transformed is False:
            yield _broken(rules.COLOUR, "RGB", "YBR_...")


def _against_jpeg_2000_colours(photometric: str, header: Codestream) -> Iterator[RuleViolation]:
    if photometric not in {"RGB", *_TRANSFORMED}:
        return
    if header.transformed:
        actual = "YBR_RCT" if header.lossless else "YBR_ICT"
        if photometric != actual:
            yield _broken(rules.COLOUR, actual, photometric)
    elif photometric in _TRANSFORMED:
        # Without a transformation the colours may be any that the encoder was given.
        yield _broken(rules.COLOUR, "RGB", photometric)


_TRANSFORMED = {"YBR_RCT", "YBR_ICT"}
