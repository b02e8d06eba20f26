"""The DICOM JSON Model (PS3.18 F), for the documentation of what the DICOMweb routes return."""

from typing import Annotated, Any

from pydantic import Field, RootModel, StringConstraints

from contracts.described import Described

Tag = Annotated[str, StringConstraints(pattern="^[0-9A-F]{8}$")]


class Attribute(Described):
    """An attribute of a data set."""

    vr: str
    """The value representation."""
    value: list[Any] | None = Field(default=None, alias="Value")
    """The values, in the form that PS3.18 F.2 has for the value representation."""


class Dataset(RootModel[dict[Tag, Attribute]]):
    """Attributes by their tags."""
