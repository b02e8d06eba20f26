"""The profile: what an examination asks of an instance, and how much of it it looks at."""

from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator
from pydicom.datadict import tag_for_keyword


class Profile(BaseModel):
    """What an examination asks for and where it stops. The values come from the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(default="default", pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)
    """Name of the profile; every report carries it."""
    required_elements: tuple[str, ...] = (
        "SOPClassUID",
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "PatientID",
        "Modality",
    )
    """Keywords of the elements without which an instance is not filed."""
    may_be_empty: tuple[str, ...] = ("PatientID",)
    """Keywords of the required elements that may be there without a value (Type 2)."""
    max_depth: PositiveInt = 64
    """The deepest nesting of sequences."""
    max_elements: PositiveInt = 2_000_000
    """The greatest number of elements, sequence items and fragments; each takes 21 bytes."""
    max_inflated_bytes: PositiveInt = 512 * 1024**2
    """The greatest size of a deflated data set once inflated, in bytes."""
    max_findings_per_code: PositiveInt = 100
    """How many places a code is reported for; the places beyond are only counted."""

    @field_validator("required_elements", "may_be_empty")
    @classmethod
    def _keywords_are_in_the_dictionary(cls, keywords: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [keyword for keyword in keywords if tag_for_keyword(keyword) is None]
        if unknown:
            raise ValueError(f"not in the DICOM data dictionary: {', '.join(unknown)}")
        return keywords

    @cached_property
    def required_tags(self) -> dict[int, bool]:
        """The tags of the required elements, each with whether it may be empty."""
        return {
            tag: keyword in self.may_be_empty
            for keyword in self.required_elements
            if (tag := tag_for_keyword(keyword)) is not None
        }
