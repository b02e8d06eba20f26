"""Writes docs/relations.md, the tables of relations by module. `make docs` runs it."""

import sys
import textwrap
from collections import Counter
from pathlib import Path

from engine.relations.catalogue import MODULES, RELATIONS
from engine.relations.relation import Kind, Module, RelationRule

PAGE = Path(__file__).parents[2] / "docs" / "relations.md"
"""The committed page."""

_WIDTH = 100
"""The longest line of text, in characters; tables may be wider."""

_INTRODUCTION = """\
# Relations

<!-- `make docs` writes this page from the tables in `engine/relations/tables`. -->

What PS3.3 says between attributes, as data: each row has a formula that must be true. The code of a
row is `relation.` and its name; [rules](rules.md) has severity, reason and fix of each. Rows with a
condition hold where it is true, rows with a place only there. What is absent or empty says nothing.
[Site profiles](site-profiles.md) can have rows of their own.

## How formulas are written

| part | meaning |
|---|---|
| `NumberOfBeams` | the values of the attribute, in the data set or item that the formula is about |
| `BeamSequence.BeamNumber` | those of all items of the sequence |
| `ImageType[3]` | one value, counted from 1 |
| `dataset.X`, `meta.X` | of the data set, of the file meta information |
| `outer.X` | of what has the sequence that the item is in |
| `items(S)`, `values(X)`, `characters(X)` | how many there are |
| `first`, `last`, `sum`, `max`, `min` of (X) | one value made of many |
| `distinct(X)`, `ceil(X)`, `initial(X)` | different values; rounded up; the first letter |
| `matching(S.X, K)` | the X of those items of S whose K is the K of this item |
| `tag(X, Y)` | the tags of attributes, for pointers |
| `==` `!=` `<` `<=` `>` `>=` | every value of the left side compared with the right |
| `in`, `not in` | every value is, or is not, among those of the right side |
| `present`, `absent`, `filled`, `empty` | whether the attribute is there, or has a value |
| `exists(X)` | the attributes that X points to are somewhere in the data set |
| `unique(X)`, `increasing(X)`, `ascending(X)` | the order of values |
| `numbered(X)`, `indexed(X)`, `gapless(X)` | 1, 2, 3; 0, 1, 2; 1 to their number in any order |
| `and`, `or`, `not`, `+`, `-`, `*`, `/`, brackets | as usual |

"""


def page() -> str:
    """All relations in Markdown."""
    return "\n".join([_INTRODUCTION + _counts(), *map(_module, MODULES), _left_out()])


def _counts() -> str:
    kinds = list(Kind)
    lines = ["## How many there are\n"]
    lines.append(f"| module | section | {' | '.join(kinds)} | all | left out |")
    lines.append(f"|---|---|{'---|' * (len(kinds) + 2)}")
    for module in MODULES:
        counts = Counter(relation.kind for relation in module.relations)
        cells = [str(counts[kind] or "") for kind in kinds]
        lines.append(
            f"| {module.title} | {module.section} | {' | '.join(cells)} | "
            f"{counts.total()} | {len(module.left_out) or ''} |"
        )
    totals = Counter(rule.relation.kind for rule in RELATIONS)
    cells = [str(totals[kind]) for kind in kinds]
    left_out = sum(len(module.left_out) for module in MODULES)
    lines.append(f"| all | | {' | '.join(cells)} | {totals.total()} | {left_out} |")
    return "\n".join(lines) + "\n"


def _module(module: Module) -> str:
    if not module.relations:
        return ""
    lines = [f"## {module.title} ({module.section})\n"]
    lines += ["| name | what must be true | when | where |", "|---|---|---|---|"]
    lines += [_row(RelationRule(relation, module)) for relation in module.relations]
    return "\n".join(lines) + "\n"


def _row(rule: RelationRule) -> str:
    formula = rule.relation.formula
    when = f"`{formula.when}`" if formula.when else ""
    where = f"`{formula.within}`" if formula.within else ""
    return f"| `{rule.relation.name}` | `{formula.text}` | {when} | {where} |"


def _left_out() -> str:
    lines = ["## Sentences that no relation is made of\n"]
    for module in MODULES:
        for left in module.left_out:
            text = f"- {module.title} ({module.section}): {left.sentence} - {left.reason}."
            lines.append(
                textwrap.fill(text, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
            )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
