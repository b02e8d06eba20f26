"""Hypothesis strategies from the models: every event that they can make."""

from collections.abc import Callable, Iterable
from datetime import timedelta, timezone
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from annotated_types import Ge, Le, MaxLen
from hypothesis import strategies as st
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from contracts.model import Contract

Strategy = st.SearchStrategy[Any]
Limits = dict[str, Any]
"""The constraints of a field: `least`, `greatest`, `most` characters or items, `pattern`."""


def models(model: type[Contract]) -> Strategy:
    """All values of a model, built the way services build them."""
    fields = {
        name: _values(field.annotation, field.metadata)
        for name, field in model.model_fields.items()
    }
    return st.builds(model, **fields)


def _values(annotation: Any, metadata: Iterable[object] = ()) -> Strategy:
    """All values of a type that its constraints allow."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _values(arguments[0], [*arguments[1:], *metadata])
    if origin in _COMPOSED:
        return _COMPOSED[origin](arguments, _limits(metadata))
    if annotation in _SIMPLE:
        return _SIMPLE[annotation](_limits(metadata))
    if issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    return models(annotation)


def _limits(metadata: Iterable[object]) -> Limits:
    limits: Limits = {}
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            limits |= _limits(entry.metadata)
        elif isinstance(entry, Ge):
            limits["least"] = entry.ge
        elif isinstance(entry, Le):
            limits["greatest"] = entry.le
        elif isinstance(entry, MaxLen):
            limits["most"] = entry.max_length
        elif pattern := getattr(entry, "pattern", None):
            limits["pattern"] = pattern
    return limits


def _texts(limits: Limits) -> Strategy:
    most = limits.get("most", 10_000)
    if "pattern" not in limits:
        return st.text(max_size=most)
    matching = st.from_regex(limits["pattern"].removesuffix("$") + r"\Z")
    return matching.filter(lambda text: len(text) <= most)


def _times(_: Limits) -> Strategy:
    minutes = st.integers(min_value=1 - 24 * 60, max_value=24 * 60 - 1)
    offsets = minutes.map(lambda m: timezone(timedelta(minutes=m)))
    naive = st.datetimes()
    return st.builds(lambda time, zone: time.replace(tzinfo=zone), naive, offsets)


_SIMPLE: dict[Any, Callable[[Limits], Strategy]] = {
    NoneType: lambda _: st.none(),
    int: lambda limits: st.integers(limits.get("least"), limits.get("greatest")),
    str: _texts,
    UUID: lambda _: st.uuids(),
    AwareDatetime: _times,
}


def _either(arguments: tuple[Any, ...], _: Limits) -> Strategy:
    return st.one_of([_values(argument) for argument in arguments])


_COMPOSED: dict[Any, Callable[[tuple[Any, ...], Limits], Strategy]] = {
    Union: _either,
    UnionType: _either,
    Literal: lambda arguments, _: st.sampled_from(arguments),
    tuple: lambda arguments, limits: st.lists(
        _values(arguments[0]), max_size=limits.get("most")
    ).map(tuple),
}
