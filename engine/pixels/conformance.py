"""Compares the header of a compressed frame with the transfer syntax and the data set."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.codestreams.codestream import Codestream
from engine.encoding.transfer_syntax import (
    HTJ2K_RPCL,
    JPEG_LOSSLESS_FIRST_ORDER,
    Codec,
    TransferSyntax,
)
from engine.image import Layout
from engine.instance import Instance
from engine.rule import Rule
from engine.rules import codestream as rules
from engine.tags import LOSSY_IMAGE_COMPRESSION

_RPCL = 2
_LEFT_NEIGHBOUR = 1
_JPEG_2000 = {Codec.JPEG_2000, Codec.HTJ2K}
_VIDEO = {Codec.MPEG_2, Codec.H_264, Codec.H_265}
_SIGNED = {True: "signed", False: "unsigned"}


class Breach(NamedTuple):
    """A rule that the header of a frame breaks."""

    rule: Rule
    expected: str | None
    found: str
    is_fatal: bool = False
    """Whether there is no point in decoding the frame."""


def breaches(instance: Instance, header: Codestream) -> Iterator[Breach]:
    """Everything in which a header differs from what the file says elsewhere."""
    syntax, image = instance.transfer_syntax, instance.image
    if syntax is None or syntax.codec is None or image is None:
        return
    if header.codec is not syntax.codec:
        yield Breach(rules.KIND, syntax.codec.value, header.codec.value, is_fatal=True)
        return
    yield from _against_syntax(syntax, header)
    is_lossy = header.lossless is False or header.codec in _VIDEO
    if is_lossy and not syntax.lossless and image.dataset.text(LOSSY_IMAGE_COMPRESSION) != "01":
        yield Breach(rules.LOSSY_UNDECLARED, "LossyImageCompression 01", "loss")
    if image.layout:
        yield from _against_layout(image.layout, header)
        yield from _against_colours(image.layout.photometric, header)


def _against_syntax(syntax: TransferSyntax, header: Codestream) -> Iterator[Breach]:
    is_other = syntax.processes and header.process not in syntax.processes
    if is_other and header.process is not None:
        expected = " or ".join(map(_process, syntax.processes))
        yield Breach(rules.PROCESS, expected, _process(header.process))
    elif syntax.uid == JPEG_LOSSLESS_FIRST_ORDER and header.predictor != _LEFT_NEIGHBOUR:
        yield Breach(rules.PROCESS, "predictor 1", f"predictor {header.predictor}")
    elif syntax.lossless and header.lossless is False:
        yield Breach(rules.NOT_LOSSLESS, "no loss", "loss")
    if not header.whole_spectrum:
        yield Breach(rules.SCAN, "coefficients 0 to 63", "others")
    if syntax.uid == HTJ2K_RPCL and header.progression != _RPCL:
        yield Breach(rules.PROGRESSION, "order 2 (RPCL)", f"order {header.progression}")
    if header.wrapped and header.codec in _JPEG_2000:
        yield Breach(rules.WRAPPED, "a codestream", "a JP2 file")
    if not header.ended:
        # In JPEG 2000 all tile-parts have been found to be there.
        rule = rules.END_MISSING if header.codec in _JPEG_2000 else rules.TRUNCATED
        yield Breach(rule, "FF D9 at the end", "no end marker")
    elif header.trailing:
        yield Breach(rules.TRAILING, None, "bytes behind the end marker")


def _against_layout(layout: Layout, header: Codestream) -> Iterator[Breach]:
    if header.rows and header.columns:
        found = (header.rows, header.columns)
        if found != (layout.rows, layout.columns):
            expected = f"{layout.rows} x {layout.columns}"
            yield Breach(rules.DIMENSIONS, expected, f"{found[0]} x {found[1]}", is_fatal=True)
    if header.components not in {None, layout.samples}:
        expected = f"{layout.samples} components"
        yield Breach(rules.COMPONENTS, expected, f"{header.components}", is_fatal=True)
    if header.precision is not None and header.precision > layout.bits_allocated:
        expected = f"at most {layout.bits_allocated} bits"
        yield Breach(rules.PRECISION, expected, f"{header.precision} bits", is_fatal=True)
    elif header.precision not in {None, layout.bits_stored}:
        yield Breach(rules.BITS_STORED, f"{layout.bits_stored} bits", f"{header.precision} bits")
    if header.signed not in {None, layout.signed}:
        found_sign = _SIGNED[bool(header.signed)]
        yield Breach(rules.SIGN, f"{_SIGNED[layout.signed]} samples", f"{found_sign} ones")
    segments = layout.samples * ((layout.bits_allocated + 7) // 8)
    if header.segments not in {None, segments}:
        found_segments = f"{header.segments} segments"
        yield Breach(rules.SEGMENTS, f"{segments} segments", found_segments, is_fatal=True)
    size = (layout.frame_bits + 7) // 8
    if header.length not in {None, size, size + size % 2}:
        yield Breach(rules.LENGTH, f"{size} bytes", f"{header.length} bytes", is_fatal=True)


def _against_colours(photometric: str, header: Codestream) -> Iterator[Breach]:
    if header.components != 3:
        return
    is_ybr = photometric.startswith("YBR_")
    if header.codec in _JPEG_2000:
        actual = ("RGB", "YBR_RCT" if header.lossless else "YBR_ICT")[bool(header.transformed)]
        # Without a transformation the colours may be any that the encoder was given.
        is_other = photometric != actual if header.transformed else photometric in _TRANSFORMED
        if is_other and photometric in {"RGB", *_TRANSFORMED}:
            yield Breach(rules.COLOUR, actual, photometric)
    elif header.codec is Codec.JPEG and header.lossless is False:
        if photometric == "RGB" and (header.transformed or header.subsampled):
            yield Breach(rules.COLOUR, "YBR_FULL_422", "RGB")
        elif is_ybr and header.transformed is False:
            yield Breach(rules.COLOUR, "RGB", "YBR_...")


_TRANSFORMED = {"YBR_RCT", "YBR_ICT"}


def _process(marker: int) -> str:
    return f"SOF{marker - 0xC0}"
