"""Descriptions from docstrings are those that pydantic itself would find."""

import pytest
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import JsonSchemaMode

from contracts.described import Described, descriptions


class Part(Described):
    """A part."""

    size: int = 0
    """How large it is,
    in bytes."""
    unsaid: int = 0


class Ours(Described):
    """A whole."""

    part: Part = Part()
    """What it is made of."""
    other: Part | None = Field(default=None, alias="otherPart")
    """By another name."""
    given: int = Field(default=1, description="Given elsewhere.")
    """Not this."""
    again: int = 2
    """Said of the first."""

    def method(self) -> None:
        """Not an attribute."""


class Narrower(Ours):
    """Declares an attribute again."""

    again: int = 3
    more: str = ""
    """Its own."""


class PydanticPart(BaseModel):
    """A part."""

    model_config = ConfigDict(use_attribute_docstrings=True, title="Part")

    size: int = 0
    """How large it is,
    in bytes."""
    unsaid: int = 0


class Pydantic(BaseModel):
    """A whole."""

    model_config = ConfigDict(use_attribute_docstrings=True, title="Ours")

    part: PydanticPart = PydanticPart()
    """What it is made of."""
    other: PydanticPart | None = Field(default=None, alias="otherPart")
    """By another name."""
    given: int = Field(default=1, description="Given elsewhere.")
    """Not this."""
    again: int = 2
    """Said of the first."""

    def method(self) -> None:
        """Not an attribute."""


class PydanticNarrower(Pydantic):
    """Declares an attribute again."""

    model_config = ConfigDict(title="Narrower")

    again: int = 3
    more: str = ""
    """Its own."""


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("by_alias", [True, False])
def test_the_schema_is_that_of_pydantic(mode: JsonSchemaMode, by_alias: bool) -> None:
    for ours, theirs in ((Ours, Pydantic), (Narrower, PydanticNarrower)):
        expected = theirs.model_json_schema(mode=mode, by_alias=by_alias)
        expected["$defs"]["Part"] = expected["$defs"].pop("PydanticPart")
        text = repr(expected).replace("#/$defs/PydanticPart", "#/$defs/Part")
        assert repr(ours.model_json_schema(mode=mode, by_alias=by_alias)) == text


def test_what_is_declared_again_without_a_docstring_has_none() -> None:
    assert descriptions(Narrower) == {
        "part": "What it is made of.",
        "other": "By another name.",
        "given": "Given elsewhere.",
        "more": "Its own.",
    }


def test_a_class_inside_of_a_function_has_descriptions() -> None:
    class Inner(Described):
        """Defined here."""

        value: int = 0
        """A number."""

    assert descriptions(Inner) == {"value": "A number."}
