"""Rules of encapsulated pixel data: fragments, frames and offset tables (PS3.5 A.4)."""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.report import Severity
from engine.codestreams.framing import beginnings, entries, is_video, rle_beginnings
from engine.encoding.elements import Element
from engine.encoding.transfer_syntax import Codec, Pixels
from engine.image import Fragments
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS
from engine.violation import Violation

RULES = RuleSet(__name__)


@RULES.check(
    "pixel.offset-table-missing",
    Severity.ERROR,
    "Encapsulated pixel data does not start with a basic offset table, not even an empty one.",
    "PS3.5 A.4",
    why="The first item is taken for the table in any case, so that readers lose the first "
    "fragment.",
    fix="Put an empty item before the first fragment.",
    refusal="Readers lose the first fragment.",
)
def offset_table_is_present(instance: Instance) -> Iterator[Violation]:
    """The first item is the table in any case, so that without it a fragment is lost."""
    image = instance.image
    if image and image.fragments and image.fragments.offset_table is None:
        yield Violation(image.pixel_data)


@RULES.check(
    "pixel.offset-table-wrong",
    Severity.ERROR,
    "The basic offset table does not point at the first fragment of each frame.",
    "PS3.5 A.4",
    why="Readers that trust it show other pixels than those that count fragments.",
    fix="Write the offset of each frame's first item, counted from the first one behind the "
    "table; or leave the table empty.",
    refusal="Readers show other frames, or parts of them.",
)
def offset_table_is_right(instance: Instance) -> Iterator[Violation]:
    """A reader that trusts it shows other pixels than one that counts fragments."""
    image = instance.image
    if not (image and image.fragments) or is_video(instance):
        return
    table = image.fragments.offset_table
    if table and table.length:
        yield from _wrong_offsets(table, "I", image.fragments, image.frames)


@RULES.check(
    "pixel.extended-offset-table-wrong",
    Severity.ERROR,
    "The extended offset table does not say where each frame is and how long.",
    "PS3.3 C.7.6.3.1.8",
    why="Readers that jump to a frame land in the middle of another.",
    fix="Write offset and length of each frame again, or leave both tables out.",
    refusal="Readers show other frames, or parts of them.",
)
def extended_offset_table_is_right(instance: Instance) -> Iterator[Violation]:
    """Each frame is one fragment; a table of its own holds the lengths, without padding."""
    image, offsets = instance.image, instance.dataset.get(EXTENDED_OFFSET_TABLE)
    if not (image and image.fragments and offsets):
        return
    yield from _wrong_offsets(offsets, "Q", image.fragments, image.frames)
    lengths = instance.dataset.get(EXTENDED_OFFSET_TABLE_LENGTHS)
    if lengths is None:
        yield Violation(EXTENDED_OFFSET_TABLE_LENGTHS)
        return
    actual = image.fragments.lengths
    declared = entries(lengths, "Q", len(actual))
    if declared is None or [length + length % 2 for length in declared] != list(actual):
        yield Violation(lengths, expected="the lengths of the fragments")


@RULES.check(
    "pixel.offset-tables-both",
    Severity.WARNING,
    "There is an extended offset table, and the basic offset table is not empty.",
    "PS3.3 C.7.6.3",
    why="Readers differ in which of the two they go by, and a program that changes the "
    "frames may change only one.",
    fix="Empty the basic offset table, or take both elements of the extended one out.",
)
def offset_tables_are_one(instance: Instance) -> Iterator[Violation]:
    """The extended one is for offsets that the basic one has no room for."""
    image = instance.image
    table = image.fragments.offset_table if image and image.fragments else None
    if table and table.length and instance.dataset.get(EXTENDED_OFFSET_TABLE) is not None:
        yield Violation(table, "no offsets", f"{table.length} bytes")


def _wrong_offsets(
    table: Element, code: str, fragments: Fragments, frames: int
) -> Iterator[Violation]:
    starts = set(fragments.starts)
    offsets = entries(table, code, frames) if frames <= len(starts) else None
    if offsets is None:
        yield Violation(table, f"an entry for each of {frames} frames", f"{table.length} bytes")
        return
    previous = -1
    for offset in offsets:
        if offset not in starts or offset <= previous or (previous < 0 and offset):
            yield Violation(table, "the next fragment that starts a frame", f"offset {offset}")
            return
        previous = offset


@RULES.check(
    "pixel.frames-missing",
    Severity.ERROR,
    "The pixel data holds fewer frames than the data set says.",
    "PS3.5 A.4",
    why="Part of the images is lost, and players stop or fail at the first one missing.",
    fix="Transfer the image again, or correct NumberOfFrames.",
    refusal="Frames are lost.",
)
def no_frame_is_missing(instance: Instance) -> Iterator[Violation]:
    """Each frame has at least one fragment of its own; a video has one at all."""
    count = _count_frames(instance)
    if count and count.found is not None and count.found < count.expected:
        yield Violation(count.pixel_data, f"{count.expected} frames", f"{count.found}")


@RULES.check(
    "pixel.frames-extra",
    Severity.ERROR,
    "The pixel data holds more frames than the data set says.",
    "PS3.5 A.4",
    why="No viewer shows the frames beyond the number, so that they go unnoticed.",
    fix="Correct NumberOfFrames, or remove the frames that do not belong there.",
    refusal="Frames are hidden, or those shown are the wrong ones.",
)
def no_frame_is_extra(instance: Instance) -> Iterator[Violation]:
    """No viewer would show them."""
    count = _count_frames(instance)
    if count and count.found is not None and count.found > count.expected:
        yield Violation(count.pixel_data, f"{count.expected} frames", f"{count.found}")


@RULES.check(
    "pixel.frames-undecidable",
    Severity.INFO,
    "It is unknown which fragments belong to which frame.",
    "PS3.5 A.4",
    why="Readers guess where a frame begins.",
    fix="Write a basic offset table, or each frame into one fragment.",
    violation=False,
)
def fragments_belong_to_frames(instance: Instance) -> Iterator[Violation]:
    """More fragments than frames, no offset table and no codestream that is known."""
    count = _count_frames(instance)
    if count and count.found is None:
        yield Violation(count.pixel_data, expected=f"{count.expected} frames")


@RULES.check(
    "pixel.frame-fragmented",
    Severity.WARNING,
    "A frame is in several fragments, which the transfer syntax does not allow.",
    "PS3.5 A.4.2",
    why="Readers take each fragment for a frame: they show a part of it, and more frames.",
    fix="Write each RLE frame into one fragment; the bytes are those of its fragments in order.",
)
def frames_are_in_one_fragment(instance: Instance) -> Iterator[Violation]:
    """RLE alone: its frames have a header that shows where one begins."""
    image = instance.image
    if image and image.fragments and _is_fragmented(instance):
        found = f"{len(image.fragments.starts)} fragments"
        yield Violation(image.pixel_data, f"{image.frames} fragments", found)


def _is_fragmented(instance: Instance) -> bool:
    """Whether there are more fragments than frames, and as many of them begin one."""
    image, syntax = instance.image, instance.transfer_syntax
    if not (image and image.fragments and syntax and syntax.codec is Codec.RLE):
        return False
    more = len(image.fragments.starts) > image.frames
    return more and len(rle_beginnings(image.fragments)) == image.frames


class _FrameCount(NamedTuple):
    pixel_data: Element
    expected: int
    found: int | None
    """None if it is unknown."""


def _count_frames(instance: Instance) -> _FrameCount | None:
    """The frames in the fragments; None if another rule reports them, or none can."""
    image = instance.image
    if not (image and image.fragments and image.fragments.offset_table) or _is_fragmented(instance):
        return None
    fragments, frames = len(image.fragments.starts), image.frames
    if is_video(instance):
        # All frames are in one stream, which a single fragment may hold.
        return _FrameCount(image.pixel_data, 1, min(fragments, 1))
    if fragments <= frames or _has_one_fragment_per_frame(instance):
        return _FrameCount(image.pixel_data, frames, fragments)
    if image.fragments.offset_table.length:
        return None
    codestreams = len(beginnings(image.fragments))
    if frames == 1 and not codestreams:
        return None
    return _FrameCount(image.pixel_data, frames, codestreams or None)


def _has_one_fragment_per_frame(instance: Instance) -> bool:
    syntax = instance.transfer_syntax
    return instance.dataset.get(EXTENDED_OFFSET_TABLE) is not None or (
        syntax is not None and syntax.pixels is Pixels.ONE_FRAGMENT_PER_FRAME
    )
