"""How tables write their rows: one function for each kind of relation."""

from typing import Protocol, TypedDict, Unpack

from contracts.report import Severity
from engine.formulas.place import Formula
from engine.relations.relation import Kind, Relation


class Options(TypedDict, total=False):
    """What a row may say beside its formula, see `Relation`."""

    section: str
    of: tuple[str, ...]
    severity: Severity
    why: str
    fix: str
    refusal: str
    violation: bool
    says: str


class Row(Protocol):
    """Makes one relation."""

    def __call__(
        self,
        name: str,
        text: str,
        *,
        when: str = "",
        within: str = "",
        **options: Unpack[Options],
    ) -> Relation:
        """The relation with a name and a formula."""


def _row(kind: Kind) -> Row:
    def row(
        name: str,
        text: str,
        *,
        when: str = "",
        within: str = "",
        **options: Unpack[Options],
    ) -> Relation:
        return Relation(kind, name, Formula(text, when, within), **options)

    return row


count = _row(Kind.COUNT)
order = _row(Kind.ORDER)
reference = _row(Kind.REFERENCE)
value = _row(Kind.VALUE)
absence = _row(Kind.ABSENCE)
agreement = _row(Kind.AGREEMENT)
