"""What is wrong with a profile."""

from collections.abc import Sequence
from typing import NamedTuple


class Mistake(NamedTuple):
    """What is wrong with a file, and where: line and column from 1; both 0 for the whole file."""

    line: int
    column: int
    text: str


class ProfileError(ValueError):
    """A profile cannot be used.

    Attributes:
        source: its path, or the name that was asked for.
        mistakes: what is wrong, in the order of the file.
    """

    def __init__(self, source: str, mistakes: Sequence[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> tuple[str, ...]:
        """The mistakes as compilers write them: `trial.yaml:12:5: unknown code ...`."""
        return tuple(
            f"{self.source}:{line}:{column}: {text}" if line else f"{self.source}: {text}"
            for line, column, text in self.mistakes
        )
