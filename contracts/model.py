"""The base of every contract: an immutable pydantic model that ignores fields it does not know."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Contract(BaseModel):
    """A value that services exchange.

    Unknown fields are ignored, so that a service of the previous release can read what the next
    one writes while both run. Attribute docstrings become the descriptions of the JSON schema.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    def to_json(self) -> bytes:
        """The value as compact UTF-8 JSON; what is not set is absent rather than null."""
        return self.model_dump_json(exclude_none=True).encode()


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f" * 32])]
"""SHA-256 of a file's bytes, 64 lower-case hexadecimal digits."""

Service = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40, examples=["validator"])]
"""The name of a service."""
