"""Rules of images within items: icons above all (PS3.3 F.7)."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.encoding.elements import UNDEFINED_LENGTH
from engine.encoding.items import items_with
from engine.image import Layout
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import ICON_IMAGE_SEQUENCE, PIXEL_DATA
from engine.violation import Violation

RULES = RuleSet(__name__)


@RULES.check(
    "icon.length",
    Severity.WARNING,
    "The pixel data of an icon have another length than its image.",
    "PS3.3 F.7",
    why="Lists of images show a torn icon; readers that check every image refuse the whole file.",
    fix="Write the icon again, or leave it out.",
)
def icons_are_whole(instance: Instance) -> Iterator[Violation]:
    """Rows x columns x samples x bits; one byte of padding makes an odd length even."""
    for item in items_with(instance.dataset, PIXEL_DATA):
        pixel_data, layout = item[PIXEL_DATA], Layout.of(item.get)
        if pixel_data.trail[-2] != ICON_IMAGE_SEQUENCE:
            continue  # what is in a private sequence is its maker's business
        if layout and pixel_data.length != UNDEFINED_LENGTH:
            needed = layout.native_length
            if pixel_data.length not in {needed, needed + needed % 2}:
                yield Violation(pixel_data, f"{needed} bytes", f"{pixel_data.length} bytes")
