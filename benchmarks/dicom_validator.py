"""What dicom-validator's engine says of a file, on the tables of this project.

Its own tables would have to be made from the standard's DocBook, which no registry has; on ours,
what differs is the engines' doing. Conditions that its language cannot say are left out, and so
are defined terms, which it takes for enumerations.
"""

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pydicom
from dicom_validator.validator.dicom_info import DicomInfo
from dicom_validator.validator.error_handler import NullValidationResultHandler
from dicom_validator.validator.iod_validator import IODValidator
from dicom_validator.validator.validation_result import ErrorCode

from benchmarks.statement import Family, Statement
from engine.standard.facts import AttributeFact, ModuleUsage, load
from engine.tags import tag_text

_FAMILIES = {ErrorCode.TagMissing: Family.MISSING, ErrorCode.TagEmpty: Family.EMPTY}
_GROUPS = (0x52009229, 0x52009230)
_NEGATED = {"+": "-", "-": "+", "=": "!=", "!=": "="}


def examine(path: Path) -> tuple[list[Statement], bool]:
    """The errors of a file, and whether dicom-validator survived it.

    Args:
        path: the file; its name becomes part of each statement.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path)
            handler = NullValidationResultHandler()
            result = IODValidator(dataset, _tables(), error_handler=handler).validate()
    except Exception:  # noqa: BLE001 - whatever it raises, it did not examine the file
        return [], False
    found: dict[object, Statement] = {}
    for errors in (result.module_errors or {}).values():
        for tag, error in errors.items():
            trail = (*(parent for parent in tag.parents or ()), tag.tag)
            family = _FAMILIES.get(error.code, Family.OTHER)
            type_ = getattr(error.type, "value", "") or ""
            statement = Statement(path.name, trail, family, error.code.name, type_)
            found.setdefault(statement.key, statement)
    return list(found.values()), True


@cache
def _tables() -> DicomInfo:
    facts = load()
    modules: dict[str, dict[str, Any]] = {
        name: _level(module.level) for name, module in facts.modules.items()
    }
    iods: dict[str, dict[str, Any]] = {}
    for uid, iod in facts.sop_classes.items():
        entry = facts.iods[iod]
        groups = {}
        for name, tag, usage, condition, _ in entry.groups:
            ref = f"{iod}:{name}"
            modules[ref] = _group(entry.modules, tag)
            groups[name] = _use(ref, usage, condition)
        iods[uid] = {
            "title": iod,
            "modules": {name: _use(name, usage, c) for name, usage, c in entry.modules},
            "group_macros": groups,
        }
    return DicomInfo(_dictionary(), iods, modules)


def _dictionary() -> dict[str, dict[str, str]]:
    return {
        f"({tag[:4]},{tag[4:]})": {"name": keyword, "vr": vr, "vm": vm, "prop": ""}
        for tag, (keyword, vr, vm, _) in load().dictionary.items()
    }


def _use(ref: str, usage: str, condition: int | None) -> dict[str, Any]:
    use: dict[str, Any] = {"ref": ref, "use": usage}
    if usage == "C":
        use["cond"] = _condition(condition) or {"type": "U"}
    return use


@cache
def _empty_levels() -> dict[int, dict[str, Any]]:
    return {}


def _level(index: int) -> dict[str, Any]:
    """The attributes of a level; a level may hold itself, as content items do."""
    known = _empty_levels()
    if index not in known:
        known[index] = attributes = {}
        for attribute in load().levels[index]:
            attributes[tag_text(attribute[0])] = _attribute(attribute)
    return known[index]


def _attribute(attribute: AttributeFact) -> dict[str, Any]:
    facts, (tag, type_, condition, values, items, _) = load(), attribute
    entry: dict[str, Any] = {"name": tag_text(tag), "type": type_}
    if type_ in ("1C", "2C"):
        entry["cond"] = _condition(condition) or {"type": "U"}
    enums = []
    for position, kind, allowed in facts.values[values] if values is not None else ():
        if kind == "E":
            numbers = (int(value) for value in allowed if value.isdecimal())
            where = {} if position is None else {"index": position + 1}
            enums.append({"val": [*allowed, *numbers], **where})
    if enums:
        entry["enums"] = enums
    if tag in _GROUPS:
        entry["items"] = {"include": [{"ref": "FuncGroup"}]}
    elif items is not None:
        entry["items"] = _level(items)
    return entry


def _group(modules: Sequence[ModuleUsage], tag: int) -> dict[str, Any]:
    facts = load()
    for usage in modules:
        for attribute in facts.levels[facts.modules[usage.module].level]:
            if attribute.tag in _GROUPS and attribute.items is not None:
                for inner in facts.levels[attribute.items]:
                    if inner.tag == tag:
                        required = inner._replace(type="1", condition=None, values=None)
                        return {tag_text(tag): _attribute(required)}
    return {}


def _condition(index: int | None) -> dict[str, Any] | None:
    if index is None:
        return None
    when, otherwise = load().conditions[index]
    said = _said(when, negated=False)
    return said and {"type": "MN" if otherwise == "absent" else "MU", **said}


def _said(expression: Sequence[Any], *, negated: bool) -> dict[str, Any] | None:
    """An expression in its language; None if it has no words for it."""
    operator, *operands = expression
    if operator == "not":
        return _said(operands[0], negated=not negated)
    if operator in ("all", "any"):
        parts = [_said(operand, negated=negated) for operand in operands]
        if None in parts:
            return None
        return {"and" if (operator == "all") is not negated else "or": parts}
    word = {"present": "+", "filled": "++", "in": "=", ">": ">", "<": "<"}.get(operator)
    if word is None or not isinstance(operands[0], int):
        return None
    if negated:
        word = _NEGATED.get(word)
        if word is None:
            return None
    said: dict[str, Any] = {"op": word, "tag": tag_text(operands[0]), "index": 0}
    if operator == "in":
        position = operands[2]
        said |= {"values": list(operands[1]), "index": 0 if position is None else position + 1}
    elif operator in (">", "<"):
        said["values"] = [operands[1]]
    return said
