"""Models whose attribute docstrings are the descriptions in their JSON schemas.

pydantic can do so too, but reads the source of each model when it is defined, in every process that
imports it. Here the source is read when a schema is made.
"""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from types import MappingProxyType

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Described(BaseModel):
    """A model with a docstring below each attribute."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """The JSON schema with the docstrings as descriptions."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        texts = descriptions(cls)
        for name, field in cls.model_fields.items():
            names = (field.validation_alias, field.serialization_alias, field.alias, name)
            for known in {known for known in names if known in properties}:
                if name in texts:
                    properties[known].setdefault("description", texts[name])
        return schema


@cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """The descriptions of the fields of a model that have one, by name.

    That of a field that is declared again is where this was done.
    """
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        owner = next(one for one in model.__mro__ if name in vars(one).get("__annotations__", ()))
        if text := field.description or _docstrings(owner).get(name):
            found[name] = text
    return MappingProxyType(found)


@cache
def _docstrings(model: type) -> Mapping[str, str]:
    """The docstring below each attribute that a class declares itself."""
    source = inspect.getsource(model)
    # A class inside of a function is indented: as the body of something it can be parsed alone.
    tree = ast.parse(f"if True:\n{source}" if source[0].isspace() else source)
    definition = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return dict(_documented(definition.body))


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for attribute, text in pairwise(body):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield attribute.target.id, inspect.cleandoc(text.value.value)
