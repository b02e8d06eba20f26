"""What the seed of a relation is: attributes that agree, and one change that breaks one relation.

The data sets are no whole instances: they have what a relation is about, and the SOP class.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.standard.facts import load
from unit.engine.clean.notation import DataSet, File

GONE = object()
"""In place of a value: the attribute is taken out."""
Change = tuple[Any, ...]
"""A path and its new value, or several paths and values by turns."""


@dataclass(frozen=True)
class Seed:
    """A clean data set and a defective one.

    Attributes:
        name: of the relation that is broken.
        clean: the data set in which all relations hold.
        broken: the one in which this relation alone does not.
    """

    name: str
    clean: File
    broken: File

    def __str__(self) -> str:
        """For the name of the test."""
        return self.name


def seeded(
    iod: str, dataset: DataSet, changes: Mapping[str, Change | Sequence[Change]]
) -> Iterator[Seed]:
    """The seeds that are made of one clean data set.

    Args:
        iod: the id of its IOD, or the UID of its SOP class.
        dataset: its attributes.
        changes: by the name of a relation what breaks it, or several ways to.
    """
    classes = {id_: uid for uid, id_ in sorted(load().sop_classes.items(), reverse=True)}
    sop = {"SOPClassUID": classes.get(iod, iod), "SOPInstanceUID": "2.25.1"}
    clean = File(sop | dataset)
    for name, ways in changes.items():
        for way in ways if isinstance(ways, list) else (ways,):
            broken = clean
            for path, value in zip(way[::2], way[1::2], strict=True):
                broken = broken.without(path) if value is GONE else broken.put(path, value)
            yield Seed(name, clean, broken)
