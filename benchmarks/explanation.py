"""Why one validator says what another does not: the entries of explained.yaml."""

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.statement import Statement
from engine.standard.facts import keyword_of

FILE = Path(__file__).with_name("explained.yaml")
ANY = ("*",)


@dataclass(frozen=True)
class Explanation:
    """An explained difference; each of its patterns is one of several that will do.

    Attributes:
        peer: name of the other validator.
        side: whose statements it is about: `ours` or `theirs`.
        right: who is right by the standard: `ours`, `theirs`, or `both` where it leaves it open or
            both say the same in other words.
        section: of the standard.
        why: in a sentence.
        elements: patterns of the path of keywords, such as ``*/CodeMeaning``; empty for the file.
        texts: patterns of the family and what was written, such as ``missing *``.
        files: patterns of the file's name.
    """

    peer: str
    side: str
    right: str
    section: str
    why: str
    elements: tuple[str, ...] = ANY
    texts: tuple[str, ...] = ANY
    files: tuple[str, ...] = ANY

    def __post_init__(self) -> None:
        if self.side not in ("ours", "theirs") or self.right not in ("ours", "theirs", "both"):
            raise ValueError(f"neither ours nor theirs: {self}")

    def covers(self, peer: str, side: str, statement: Statement) -> bool:
        """Whether it explains a statement."""
        return (
            (peer, side) == (self.peer, self.side)
            and _is_one_of(statement.file, self.files)
            and _is_one_of(path_of(statement.trail), self.elements)
            and _is_one_of(f"{statement.family} {statement.text}", self.texts)
        )


def read_explanations() -> list[Explanation]:
    """All explanations; the first that covers a statement is its."""
    return [_explanation(entry) for entry in yaml.safe_load(FILE.read_text())]


def path_of(trail: Iterable[int]) -> str:
    """The keywords on the way to an element, tags where there are none."""
    return "/".join(keyword_of(tag) or f"{tag:08X}" for tag in trail)


def _explanation(entry: Mapping[str, Any]) -> Explanation:
    lists = {name: tuple(value) for name, value in entry.items() if isinstance(value, list)}
    return Explanation(**{**entry, **lists})


def _is_one_of(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)
