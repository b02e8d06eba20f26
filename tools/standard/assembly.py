"""Puts the facts together: one JSON object, described in `engine.standard.facts`."""

import lzma
from collections import Counter
from importlib.metadata import version
from typing import Any

import orjson

from tools.standard import groups, parsed
from tools.standard.corrections import CONSTRAINTS, TITLES, TYPES, UIDS
from tools.standard.handwritten import lookup_usage
from tools.standard.modules import Modules
from tools.standard.precedents import Precedents
from tools.standard.sources import Sources, Usage
from tools.standard.values import Values
from tools.standard.vocabulary import dictionary, keyword_tag, uids

_ACRONYMS = {"cda", "ct", "ecg", "lut", "mr", "mtl", "obj", "pdf", "rt", "stl", "xa"}
_GROUPS_MODULE = "multi-frame-functional-groups"


def assemble(sources: Sources, parse: parsed.Parse) -> dict[str, Any]:
    """Make the facts."""
    modules = Modules(sources, parse)
    iods = {iod: sources.iods[iod] for iod in sorted(set(sources.sop_classes.values()))}
    used = sorted({module for usages in iods.values() for module, _ in usages})
    levels = {module: (*_title(module, sources), modules.level(module)) for module in used}
    levels |= {
        variant: (*_title(module, sources), modules.level(module, types))
        for (module, _), (variant, types) in TYPES.items()
    }
    levels |= {_own(iod): _constraint(iod, modules) for iod in iods if iod in CONSTRAINTS}
    precedents = Precedents(sources.texts)
    usages: Counter[str] = Counter()
    facts_of_iods: dict[str, dict[str, Any]] = {}
    for iod in iods:
        facts_of_iods[iod] = {"modules": _modules(iod, sources, modules, parse, usages)}
        if iod in CONSTRAINTS:
            facts_of_iods[iod]["modules"].append((_own(iod), "M", None))
        if found := groups.of_iod(iod, sources, precedents, parse):
            facts_of_iods[iod]["groups"] = [
                (macro, sequence, usage, modules.condition(condition), place)
                for macro, sequence, usage, condition, place in found
            ]
            for _, _, usage, condition, _ in found:
                usages["conditional groups"] += usage == "C"
                usages["conditional groups with a condition"] += condition is not None
    return {
        "edition": sources.edition,
        "sources": dict(sources.versions),
        "editions": {
            "modules, attributes, types": sources.edition,
            "conditions, values, functional groups": "2020, corrected by hand",
            "dictionary, UIDs": f"pydicom {version('pydicom')}",
        },
        "statistics": {
            "sop_classes": len(sources.sop_classes),
            "iods": len(iods),
            "modules": len(used),
            "levels": len(modules.levels.entries),
            "conditions": len(modules.conditions.entries),
            "values": len(modules.values.entries),
            **_counts(modules.counts, usages),
        },
        "dictionary": dictionary(),
        "uids": dict(sorted((UIDS | uids()).items())),
        "sop_classes": dict(sorted(sources.sop_classes.items())),
        "iods": facts_of_iods,
        "modules": levels,
        "levels": modules.levels.entries,
        "conditions": modules.conditions.entries,
        "values": modules.values.entries,
    }


def compress(facts: dict[str, Any]) -> bytes:
    """The facts as a file; the same facts always give the same bytes."""
    return lzma.compress(orjson.dumps(facts), preset=9 | lzma.PRESET_EXTREME)


def _modules(
    iod: str, sources: Sources, modules: Modules, parse: parsed.Parse, usages: Counter[str]
) -> list[tuple[str, str, int | None]]:
    texts = sources.texts.iod_modules.get(iod, {})
    result = []
    for module, usage in sources.iods[iod]:
        condition = None
        if usage == "C":
            text = texts.get(module, Usage("C", ""))
            usages["conditional modules"] += 1
            if condition := lookup_usage(iod, module):
                usages["conditional modules hand-written"] += 1
            elif condition := groups.condition(text, parse):
                usages["conditional modules parsed"] += 1
        result.append((_variant(module, iod, sources), usage, modules.condition(condition)))
    return result


def _variant(module: str, iod: str, sources: Sources) -> str:
    """The module with the types that another module of the IOD gives it."""
    for other, _ in sources.iods[iod]:
        if (module, other) in TYPES:
            return TYPES[module, other][0]
    return module


def _own(iod: str) -> str:
    """The module that holds what an IOD says beyond its modules."""
    return f"iod-{iod}"


def _constraint(iod: str, modules: Modules) -> tuple[str, str, int]:
    section, values = CONSTRAINTS[iod]
    allowed: dict[tuple[int, ...], Values] = {
        tuple(map(keyword_tag, path)): [(None, kind, terms)]
        for path, (kind, terms) in values.items()
    }
    return f"{_words(iod)} IOD", section, modules.level_of_values(allowed)


def _title(module: str, sources: Sources) -> tuple[str, str]:
    if module.endswith(_GROUPS_MODULE):
        return "Multi-frame Functional Groups", "C.7.6.16"
    return TITLES.get(module) or sources.module_names.get(module) or (_words(module), "")


def _words(id_: str) -> str:
    words = (word.upper() if word in _ACRONYMS else word.title() for word in id_.split("-"))
    return " ".join(words)


def _counts(attributes: Counter[str], usages: Counter[str]) -> dict[str, int]:
    names = (
        *("attributes", "conditional attributes", "hand-written", "hand-written in part"),
        *("parsed", "sequences with a single item"),
    )
    return {
        **{name.replace(" ", "_").replace("-", "_"): attributes[name] for name in names},
        **{name.replace(" ", "_").replace("-", "_"): usages[name] for name in sorted(usages)},
    }
