"""The conditions written by hand, in `conditions.yaml`: what the texts of PS3.3 say, made exact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from tools.standard.condition_text import (
    ConditionTextError,
    Expression,
    parse,
    tag_of,
)

TABLE = Path(__file__).with_name("conditions.yaml")
"""The table; its head says what the rows mean."""

TOP = "top"
ANYWHERE = "anywhere"

_SHARED = {"when", "otherwise", "section", "note"}
_ATTRIBUTE_ROW = _SHARED | {"attributes", "in", "modules"}
_USAGE_ROW = _SHARED | {"usage of", "iods"}


class TableError(ValueError):
    """A row of the table that can't be used; the message says which and why."""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        subjects: keywords of attributes, or ids of modules and functional group macros.
        places: where the attributes are: `TOP`, `ANYWHERE` or the sequences that directly enclose
            them, `Outer.Inner` if one doesn't suffice. Empty for modules and macros.
        owners: ids of the modules (of the IODs, for modules and macros) that it is restricted to;
            empty: all.
        when: the expression, see `engine.standard.condition`.
        otherwise: "absent" if it shall not be present when the condition is false, else "any".
        section: of PS3.3.
        note: the condition in a sentence.
    """

    subjects: tuple[str, ...]
    places: tuple[str, ...]
    owners: frozenset[str]
    when: Expression
    otherwise: str
    section: str
    note: str

    def concerns(self, owner: str, parents: tuple[str, ...]) -> bool:
        """Whether it is about that place: the module or IOD, and the enclosing sequences."""
        if self.owners and owner not in self.owners:
            return False
        return not self.places or any(_is_at(place, parents) for place in self.places)

    def condition(self) -> dict[str, Any]:
        """The condition as the facts have it."""
        return {"when": self.when, "else": self.otherwise}


@dataclass(frozen=True)
class Table:
    """All rows: those about attributes, and those about the usage of modules and macros.

    Attributes:
        attributes: rows in the order of the file; special rows come before general ones.
        usages: likewise.
    """

    attributes: tuple[Row, ...]
    usages: tuple[Row, ...]

    @cached_property
    def of_attribute(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows about a keyword."""
        return _by_subject(self.attributes)

    @cached_property
    def of_usage(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows about the id of a module or macro."""
        return _by_subject(self.usages)


def lookup(module_id: str, path: tuple[str, ...]) -> dict[str, Any] | None:
    """The condition of an attribute of type 1C or 2C; None if none was written by hand.

    To be asked for attributes of type 1C and 2C, and in `sr-document-content` of type 1 and 2 too:
    macros are included there only for some Value Types, which makes what they hold 1C and 2C.

    Args:
        module_id: like `image-pixel`.
        path: keywords from the top of the module down to the attribute itself.
    """
    row = row_of_attribute(module_id, path)
    return row.condition() if row else None


def lookup_usage(iod_id: str, id_: str) -> dict[str, Any] | None:
    """The condition of a module or functional group macro of usage C; None if there is none.

    Args:
        iod_id: like `enhanced-ct-image`.
        id_: like `multi-energy-ct-image` or `pixel-measures`.
    """
    row = row_of_usage(iod_id, id_)
    return row.condition() if row else None


def row_of_attribute(module_id: str, path: tuple[str, ...]) -> Row | None:
    """The first row of the table that concerns the attribute."""
    *parents, keyword = path
    rows = load().of_attribute.get(keyword, ())
    return next((row for row in rows if row.concerns(module_id, tuple(parents))), None)


def row_of_usage(iod_id: str, id_: str) -> Row | None:
    """The first row of the table that concerns the module or functional group macro."""
    rows = load().of_usage.get(id_, ())
    return next((row for row in rows if row.concerns(iod_id, ())), None)


@cache
def load() -> Table:
    """The table of this package."""
    return read(TABLE.read_text(encoding="utf-8"))


def read(text: str) -> Table:
    """Read a table.

    Raises:
        TableError: a row has an unknown key, keyword, operator or value, or something is missing.
    """
    document = yaml.safe_load(text)
    terms: dict[str, Expression] = {}
    for name, condition in document["terms"].items():
        terms[name] = _parsed(condition, terms, f"the term {name}")
    return Table(
        tuple(_attribute_row(row, terms) for row in document["attributes"]),
        tuple(_usage_row(row, terms) for row in document["usages"]),
    )


def _by_subject(rows: tuple[Row, ...]) -> Mapping[str, tuple[Row, ...]]:
    found: dict[str, tuple[Row, ...]] = {}
    for row in rows:
        for subject in row.subjects:
            found[subject] = (*found.get(subject, ()), row)
    return found


def _is_at(place: str, parents: tuple[str, ...]) -> bool:
    if place in (TOP, ANYWHERE):
        return place == ANYWHERE or not parents
    sequences = tuple(place.split("."))
    return parents[-len(sequences) :] == sequences


def _attribute_row(row: dict[str, Any], terms: Mapping[str, Expression]) -> Row:
    name = f"the row of {row.get('attributes')}"
    _check_keys(row, _ATTRIBUTE_ROW, {"attributes"}, name)
    places = _listed(row.get("in", TOP))
    keywords = [*row["attributes"]]
    keywords += [
        part for place in places if place not in (TOP, ANYWHERE) for part in place.split(".")
    ]
    for keyword in keywords:
        try:
            tag_of(keyword)
        except ConditionTextError as error:
            raise TableError(f"{name}: {error}") from error
    owners = row.get("modules", ())
    return _row(row, terms, name, subjects=row["attributes"], places=places, owners=owners)


def _usage_row(row: dict[str, Any], terms: Mapping[str, Expression]) -> Row:
    name = f"the row of {row.get('usage of')}"
    _check_keys(row, _USAGE_ROW, {"usage of"}, name)
    owners = row.get("iods", ())
    return _row(row, terms, name, subjects=row["usage of"], places=(), owners=owners)


def _row(
    row: dict[str, Any],
    terms: Mapping[str, Expression],
    name: str,
    *,
    subjects: Iterable[str],
    places: tuple[str, ...],
    owners: Iterable[str],
) -> Row:
    if row["otherwise"] not in ("absent", "any"):
        raise TableError(f"{name}: otherwise is 'absent' or 'any', not {row['otherwise']!r}")
    return Row(
        subjects=tuple(subjects),
        places=places,
        owners=frozenset(owners),
        when=_parsed(row["when"], terms, name),
        otherwise=row["otherwise"],
        section=row["section"],
        note=row["note"],
    )


def _check_keys(row: dict[str, Any], known: set[str], needed: set[str], name: str) -> None:
    if unknown := row.keys() - known:
        raise TableError(f"{name} has the unknown key {min(unknown)!r}")
    if lacking := (needed | _SHARED) - row.keys():
        raise TableError(f"{name}: {min(lacking)!r} is missing")


def _parsed(condition: str, terms: Mapping[str, Expression], name: str) -> Expression:
    try:
        return parse(condition, terms)
    except ConditionTextError as error:
        raise TableError(f"{name}: {error}") from error


def _listed(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
