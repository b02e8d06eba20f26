"""What clients send about the quarantine."""

from typing import Annotated

from fastapi import Path
from pydantic import ConfigDict, Field

from contracts.model import Contract, ProfileName

MOST_FILES = 100_000
FILE_NAME = r"^[0-9]{6}\.dcm$"

FileName = Annotated[
    str,
    Path(pattern=FILE_NAME, examples=["000001.dcm"], description="Name of the file in quarantine."),
]


class ResubmitRequest(Contract):
    """Which files of a study to resubmit, and how."""

    model_config = ConfigDict(extra="forbid")

    files: frozenset[Annotated[str, Field(pattern=FILE_NAME)]] | None = Field(
        default=None, min_length=1, max_length=MOST_FILES, examples=[["000001.dcm"]]
    )
    """Names of the files in quarantine; all files by default."""
    profile: ProfileName | None = None
    """The validation profile to apply; that of the original upload by default."""


class PurgeRequest(Contract):
    """What to purge."""

    model_config = ConfigDict(extra="forbid", strict=True)

    older_than_days: float = Field(ge=0, le=36_500, examples=[30])
    """Remove studies that have been in quarantine for longer, in days."""
    dry_run: bool = False
    """Only list what would be removed."""
