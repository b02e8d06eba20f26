"""Metadata by paths, for readers that do not use the study store yet."""

from collections.abc import Iterator
from pathlib import Path

from storage import metadata
from storage.layout import METADATA
from storage.metadata import ArchivedInstance, ArchivedStudy

__all__ = ["ArchivedInstance", "ArchivedStudy", "read_datasets", "read_study"]


def read_study(directory: Path) -> ArchivedStudy:
    """Read the metadata of a study."""
    with (directory / METADATA).open("rb") as file:
        return metadata.read_metadata(file)


def read_datasets(directory: Path) -> Iterator[bytes]:
    """The data sets of a study."""
    with (directory / METADATA).open("rb") as file:
        yield from metadata.read_datasets(file)
