"""Seeds made from the formula, for tables in which nearly all rows are of one of three forms."""

import re
from collections.abc import Iterator

from engine.relations.relation import RelationRule, rules_of
from engine.relations.tables import numbers, rt_second
from engine.standard.facts import load
from unit.engine.clean.notation import DataSet
from unit.engine.relations.seeds.seed import Seed, seeded

_NUMBERED = re.compile(r"numbered\((\w+)\.(\w+)\)")
_ITEMS = re.compile(r"(\w+) == items\((\w+)\)")
_REFERENCE = re.compile(r"(\w+) in (dataset|outer)\.(?:(\w+)\.)?(\w+)\.(\w+)")


def seeds() -> Iterator[Seed]:
    """Of numbers that count from 1, and of second-generation radiotherapy."""
    for rule in rules_of((*numbers.MODULES, *rt_second.MODULES)):
        dataset, path, wrong = _made(rule)
        if dataset:
            name = rule.code.removeprefix("relation.")
            yield from seeded(_iod(rule), dataset, {name: (path, wrong)})
    yield from _others()


def _made(rule: RelationRule) -> tuple[DataSet, str, int]:
    text, within = rule.relation.formula.text, rule.relation.formula.within
    if match := _NUMBERED.fullmatch(text):
        sequence, number = match.groups()
        return {sequence: [{number: 1}, {number: 2}]}, f"{sequence}[1]>{number}", 3
    if match := _ITEMS.fullmatch(text):
        number, sequence = match.groups()
        return {number: 2, sequence: [{}, {}]}, number, 3
    if match := _REFERENCE.fullmatch(text):
        reference, _, outer, sequence, number = match.groups()
        within = within or "ReferencedSeriesSequence"
        named: DataSet = {sequence: [{number: 1}], within: [{reference: 1}]}
        path = f"{within}[0]>{reference}"
        return ({outer: [named]}, f"{outer}[0]>{path}", 9) if outer else (named, path, 9)
    return {}, "", 0


def _iod(rule: RelationRule) -> str:
    iods = load().iods
    return next(
        (id_ for id_, iod in iods.items() if {id_, *(m.module for m in iod.modules)} & {*rule.of}),
        "raw-data",
    )


def _others() -> Iterator[Seed]:
    points = [{"CumulativeMeterset": 0.0}, {"CumulativeMeterset": 1.0}]
    for name, (sequence, _) in rt_second.POINTS.items():
        first = f"{sequence}[0]>CumulativeMeterset"
        yield from seeded(
            "raw-data",
            {sequence: points, "NumberOfRTControlPoints": 2},
            {
                f"{name}-first-meterset": (first, 0.5),
                f"{name}-meterset-order": (f"{sequence}[1]>CumulativeMeterset", -1.0),
            },
        )
    yield from seeded(
        "raw-data",
        {
            "NumberOfRTControlPoints": 2,
            "NumberOfRadiationGenerationModes": 1,
            "NumberOfParallelRTBeamDelimiters": 2,
            "ParallelRTBeamDelimiterBoundaries": (0.0, 1.0, 2.0),
            "NumberOfPolygonalVertices": 3,
            "VerticesOfThePolygonalOutline": (0.0, 0.0, 1.0, 0.0, 1.0, 1.0),
        },
        {
            "rt2-two-points": ("NumberOfRTControlPoints", 1),
            "rt2-modes": ("NumberOfRadiationGenerationModes", 0),
            "rt2-delimiter-boundaries": ("NumberOfParallelRTBeamDelimiters", 3),
            "rt2-delimiter-order": ("ParallelRTBeamDelimiterBoundaries", (0.0, 2.0, 1.0)),
            "rt2-outline-vertices": ("NumberOfPolygonalVertices", 4),
        },
    )
