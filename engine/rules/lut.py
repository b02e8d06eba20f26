"""Rules of look-up tables: palettes, modality and VOI LUTs (PS3.3 C.7.6.3.1.5, C.11)."""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.report import Severity
from engine.encoding.elements import Element
from engine.encoding.items import items_with
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import LUT_DATA, LUT_DESCRIPTOR
from engine.violation import Violation

RULES = RuleSet(__name__)

_PALETTE = tuple(range(0x00281101, 0x00281105))
"""The descriptors for red, green, blue and alpha; the data are 0x100 elements further."""
_BITS = {*_PALETTE}


class _Table(NamedTuple):
    descriptor: Element
    data: Element | None
    entries: int | None
    """None if the descriptor is not one."""
    bits: int

    @property
    def lengths(self) -> tuple[int, int]:
        """The shortest and the longest data that hold the entries, in bytes.

        Entries of 8 bits may have a byte or a word each.
        """
        entries = self.entries or 0
        shortest = entries * (1 if self.bits == 8 else 2)
        return shortest, max(2 * entries, shortest + shortest % 2)


@RULES.check(
    "lut.descriptor",
    Severity.ERROR,
    "The descriptor of a look-up table is not three numbers of which the third is 8 to 16 bits.",
    "PS3.3 C.7.6.3.1.5",
    why="Without the number of entries and their size the table cannot be read, nor the image "
    "shown as it was meant.",
    fix="Write the number of entries (0 for 65536), the first value mapped, and the bits of an "
    "entry.",
    refusal="How grey or coloured a pixel is can't be known.",
)
def descriptors_are_complete(instance: Instance) -> Iterator[Violation]:
    """Palettes have entries of 8 or 16 bits, other tables of 8 to 16."""
    for table in _tables(instance):
        if table.entries is None:
            length = table.descriptor.length
            yield Violation(table.descriptor, "three numbers of 16 bits", f"{length} bytes")
        elif not 8 <= table.bits <= 16:
            yield Violation(table.descriptor, "8 to 16 bits", f"{table.bits} bits")


@RULES.check(
    "lut.length-short",
    Severity.ERROR,
    "The data of a look-up table have fewer entries than its descriptor says.",
    "PS3.3 C.7.6.3.1.6",
    why="Pixels above the last entry have no colour or grey; readers refuse the image or show "
    "black.",
    fix="Write all entries, or correct the first number of the descriptor.",
    refusal="How grey or coloured some pixels are can't be known.",
)
def tables_are_not_short(instance: Instance) -> Iterator[Violation]:
    """Number of entries x bytes of an entry."""
    for table in _tables(instance):
        if table.data and table.entries is not None:
            shortest, _ = table.lengths
            if table.data.length < shortest:
                yield Violation(table.data, f"{shortest} bytes", f"{table.data.length} bytes")


@RULES.check(
    "lut.length-long",
    Severity.WARNING,
    "The data of a look-up table have more entries than its descriptor says.",
    "PS3.3 C.7.6.3.1.6",
    why="Either the descriptor is wrong, and bright pixels are mapped to dark ones, or the rest of "
    "the table is never used.",
    fix="Correct the first number of the descriptor, or cut the data off.",
)
def tables_are_not_long(instance: Instance) -> Iterator[Violation]:
    """One byte of padding makes an odd length even."""
    for table in _tables(instance):
        if table.data and table.entries is not None:
            _, longest = table.lengths
            if table.data.length > longest:
                yield Violation(table.data, f"{longest} bytes", f"{table.data.length} bytes")


@RULES.check(
    "lut.palettes-differ",
    Severity.ERROR,
    "The red, green and blue look-up tables have different sizes or first values.",
    "PS3.3 C.7.6.3.1.5",
    why="A pixel then has a red that belongs to another entry than its green and blue.",
    fix="Write three tables of the same size that begin with the same pixel value.",
    refusal="Readers show other colours.",
)
def palettes_are_alike(instance: Instance) -> Iterator[Violation]:
    """The three descriptors are the same."""
    descriptors = [instance.dataset.get(tag) for tag in _PALETTE[:3]]
    first = descriptors[0]
    for other in descriptors[1:]:
        if first and other and other.value(6) != first.value(6):
            yield Violation(other, expected="the descriptor of the red look-up table")


def _tables(instance: Instance) -> Iterator[_Table]:
    for tag in _PALETTE:
        descriptor = instance.dataset.get(tag)
        if descriptor:
            yield _table(descriptor, instance.dataset.get(tag + 0x100))
    for item in items_with(instance.dataset, LUT_DESCRIPTOR):
        yield _table(item[LUT_DESCRIPTOR], item.get(LUT_DATA))


def _table(descriptor: Element, data: Element | None) -> _Table:
    value, order = descriptor.value(6), descriptor.elements.byte_order
    if len(value) < 6:
        return _Table(descriptor, data, None, 0)
    # The VR may be SS; a number of entries is positive all the same.
    entries = int.from_bytes(value[:2], order) or 0x10000
    return _Table(descriptor, data, entries, int.from_bytes(value[4:6], order))
