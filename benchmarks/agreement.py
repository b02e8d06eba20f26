"""Compares this validator with its peers on real files and writes docs/comparison.md.

Run with `make compare`. Ends with 1 if a difference is left that `explained.yaml` does not explain,
if one is ours to fix, or if the agreement is below the bar.
"""

import logging
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import dciodvfy, dicom_validator
from benchmarks.explanation import Explanation, path_of, read_explanations
from benchmarks.files import real_files
from benchmarks.page import PAGE, Peer, written
from benchmarks.statement import Family, Statement
from contracts.report import Severity
from engine.examination import examine
from engine.profile_files.loading import load_profile

PEERS = {"dciodvfy": dciodvfy.examine, "dicom-validator": dicom_validator.examine}
BAR = 0.95
"""Jaccard index of missing and empty elements against dciodvfy, explained differences set aside."""

_TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")
_FAMILY = re.compile(
    r"(?:element|iod\.(?:type-\w+|group)|meta\.(?:element|transfer-syntax)|pixel\.(?:data|attribute))"
    r"[-.](missing|empty)"
)
"""The codes that say that an element is missing or empty."""


@dataclass(frozen=True)
class Comparison:
    """What this validator and a peer say of all files.

    Attributes:
        peer: its name.
        files: how many were examined.
        died: what we say of the files that it did not survive; they are not compared.
        both: what both say.
        only: what only one of them says: `ours` and `theirs`.
    """

    peer: str
    files: int
    died: dict[str, list[Statement]] = field(default_factory=dict)
    both: list[Statement] = field(default_factory=list)
    only: dict[str, list[Statement]] = field(default_factory=lambda: {"ours": [], "theirs": []})

    def alone(self) -> Iterator[tuple[str, Statement]]:
        """What only one says, with its side."""
        for side, statements in self.only.items():
            for statement in statements:
                yield side, statement

    def jaccard(self, alone: Iterable[Statement]) -> float:
        """The agreement on missing and empty elements, of these statements of one side alone."""
        agreed = sum(statement.family is not Family.OTHER for statement in self.both)
        differing = sum(statement.family is not Family.OTHER for statement in alone)
        return agreed / (agreed + differing) if agreed + differing else 1.0


def ours(path: Path) -> list[Statement]:
    """The errors that this validator finds in a file when every violation is one."""
    report = examine(path.read_bytes(), load_profile("strict"))
    found: dict[object, Statement] = {}
    for finding in report.findings:
        if finding.severity is not Severity.ERROR:
            continue
        tags = _TAG.findall(finding.path or "")
        trail = tuple(int(group + element, 16) for group, element in tags)
        said = _FAMILY.fullmatch(finding.code)
        family = Family(said[1]) if said else Family.OTHER
        statement = Statement(path.name, trail, family, finding.code)
        found.setdefault(statement.key, statement)
    return list(found.values())


def compare(peer: str) -> Comparison:
    """Have both examine every real file.

    A statement of another kind than missing or empty counts as said by both if both find
    something wrong with the same element, whatever it is; one about the file as a whole, if both
    find anything wrong with it.
    """
    files = list(real_files())
    comparison = Comparison(peer, len(files))
    for path in files:
        theirs, survived = PEERS[peer](path)
        mine = ours(path)
        if not survived:
            comparison.died[path.name] = mine
            continue
        agreed, alone = _split(mine, theirs)
        comparison.both.extend(agreed)
        comparison.only["ours"].extend(alone)
        comparison.only["theirs"].extend(_split(theirs, mine)[1])
    return comparison


def _split(
    said: Iterable[Statement], other: list[Statement]
) -> tuple[list[Statement], list[Statement]]:
    keys = {statement.key for statement in other}
    trails = {statement.trail for statement in other}
    agreed: list[Statement] = []
    alone: list[Statement] = []
    for statement in said:
        if statement.family is not Family.OTHER:
            is_agreed = statement.key in keys
        else:
            is_agreed = statement.trail in trails if statement.trail else bool(other)
        (agreed if is_agreed else alone).append(statement)
    return agreed, alone


@dataclass(frozen=True)
class Explained:
    """A comparison and what of it is explained.

    Attributes:
        comparison: with one peer.
        used: how often each explanation was.
        left: what is not explained, with its side.
    """

    comparison: Comparison
    used: Counter[Explanation]
    left: list[tuple[str, Statement]]

    @property
    def raw(self) -> float:
        """The agreement on missing and empty elements."""
        return self.comparison.jaccard(statement for _, statement in self.comparison.alone())

    @property
    def jaccard(self) -> float:
        """The same with what is explained set aside."""
        return self.comparison.jaccard(statement for _, statement in self.left)


def explain(comparison: Comparison, explanations: Iterable[Explanation]) -> Explained:
    """Find the explanation of each statement that only one of the two makes."""
    explained = Explained(comparison, Counter(), [])
    known = [one for one in explanations if one.peer == comparison.peer]
    for side, statement in comparison.alone():
        for explanation in known:
            if explanation.covers(comparison.peer, side, statement):
                explained.used[explanation] += 1
                break
        else:
            explained.left.append((side, statement))
    return explained


def faults(results: Iterable[Explained], explanations: Iterable[Explanation]) -> list[str]:
    """What keeps the comparison from being as it should be, a line for each kind."""
    lines: list[str] = []
    used: Counter[Explanation] = Counter()
    for result in results:
        peer = result.comparison.peer
        used.update(result.used)
        left = Counter(
            f"{peer}, {side} unexplained: {statement.family} {path_of(statement.trail)}: "
            f"{statement.text}"
            for side, statement in result.left
        )
        lines += [f"{count:4} times {line}" for line, count in left.most_common()]
        if peer == "dciodvfy" and result.jaccard < BAR:
            lines.append(f"agreement with {peer} of {result.jaccard:.3f}, less than {BAR}")
    lines += [f"ours to fix: {one.why}" for one in explanations if one.right == "theirs"]
    lines += [f"explains nothing: {one}" for one in explanations if not used[one]]
    return lines


def run() -> list[Explained]:
    """Compare with each peer."""
    explanations = read_explanations()
    return [explain(compare(peer), explanations) for peer in PEERS]


def page(results: Iterable[Explained]) -> str:
    """What docs/comparison.md says of them."""
    return written(map(_peer, results))


def _peer(result: Explained) -> Peer:
    comparison = result.comparison
    return Peer(
        name=comparison.peer,
        files=comparison.files,
        died={
            file: [statement.text for statement in statements]
            for file, statements in comparison.died.items()
        },
        agreed=len(comparison.both),
        alone=sum(1 for _ in comparison.alone()),
        left=len(result.left),
        raw=result.raw,
        jaccard=result.jaccard,
        used=result.used,
    )


def main() -> int:
    """Compare, write the page, print what is not as it should be."""
    logging.disable()
    results = run()
    PAGE.write_text(page(results), encoding="utf-8")
    lines = faults(results, read_explanations())
    for result in results:
        peer, raw, jaccard = result.comparison.peer, result.raw, result.jaccard
        sys.stdout.write(f"{peer}: {raw:.3f}, explained set aside {jaccard:.3f}\n")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
