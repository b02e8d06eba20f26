"""Value multiplicity: how many values the data dictionary allows (PS3.5 6.4)."""

from functools import cache
from typing import NamedTuple

_UNBOUNDED = 1 << 32


class Multiplicity(NamedTuple):
    """A range of numbers of values."""

    minimum: int
    maximum: int
    step: int
    """What the number must be a multiple of."""


ANY = Multiplicity(0, _UNBOUNDED, 1)
"""What holds for elements that the dictionary does not know."""


@cache
def multiplicity(text: str) -> Multiplicity:
    """Parse the VM of a dictionary entry: `1`, `1-3`, `1-n`, `2-2n`, `1-n or 1`.

    Of alternatives the widest range is taken, which then need not be a multiple of anything.
    """
    ranges = [_range(part) for part in text.split(" or ")]
    return Multiplicity(
        min(one.minimum for one in ranges),
        max(one.maximum for one in ranges),
        ranges[0].step if len(ranges) == 1 else 1,
    )


def _range(text: str) -> Multiplicity:
    first, _, last = text.partition("-")
    if not last:
        return Multiplicity(int(first), int(first), 1)
    if last.endswith("n"):
        return Multiplicity(int(first), _UNBOUNDED, int(last[:-1] or 1))
    return Multiplicity(int(first), int(last), 1)
