"""A measure beside the bar that it has to reach, and the page that lists them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Result:
    """A measure and the bar it has to reach.

    Attributes:
        what: was measured.
        value: of it, the median if it was measured several times.
        bar: to reach; None if the measure is shown only for comparison.
        unit: of both.
        more_is_better: whether the bar is a floor, not a ceiling.
        low: the least of all values.
        high: the greatest of all values.
    """

    what: str
    value: float
    bar: float | None
    unit: str
    more_is_better: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.more_is_better else self.value <= self.bar

    def __str__(self) -> str:
        spread = "" if self.low is None else f"{self.low:.4g} to {self.high:.4g}"
        bar = ""
        if self.bar is not None:
            sign = ">=" if self.more_is_better else "<="
            bar = f"{sign} {self.bar:g}  {'holds' if self.holds else 'MISSED'}"
        return f"{self.what:66} {self.value:10.3f} {self.unit:8} {spread:18} {bar}".rstrip()


def spread(
    what: str,
    values: Sequence[float],
    bar: float | None,
    unit: str,
    *,
    more_is_better: bool = False,
) -> Result:
    """The result of several rounds."""
    middle, low, high = median(values), min(values), max(values)
    return Result(what, middle, bar, unit, more_is_better=more_is_better, low=low, high=high)


def section(title: str, results: Iterable[Result]) -> str:
    """The lines of a page about one subject."""
    return "\n".join([title, *(f"  {result}" for result in results), ""])
