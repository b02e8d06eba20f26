"""``metadata.json``: what the archive knows about a study.

The file is indented for people, except for the data sets of the instances (DICOM JSON Model,
PS3.18 F): each is one line, and so is the file meta information. A reader that does not need
them skips these lines, which are most of the file. `MetadataWriter` and the two functions that
read are kept in one module because they have to agree on that.
"""

import shutil
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import IO, Any, BinaryIO
from uuid import UUID

import orjson
from pydantic import AwareDatetime, Field

from contracts.intake import SkippedFile, StoredFile
from contracts.model import Contract
from contracts.report import Outcome, StudyReport

_DATASET = b'"dataset": '
_LEFT_OUT = (_DATASET, b'"file_meta": ')

_VALIDATION = b'\n  "validation": {'
_START, _BETWEEN, _END = b'  "instances": [\n', b",\n", b"\n  ]"

Number = int | float | str | None
"""A number, or the text that an instance has in its place, or nothing."""


class ArchivedInstance(Contract):
    """An instance in the archive. UIDs are empty where it has none."""

    file: str
    """Its name below the study's directory."""
    sha256: str
    size_bytes: int
    sent_as: str
    """The name the client gave it. May contain PHI."""
    sop_instance_uid: str = Field(default="", alias="SOPInstanceUID")
    sop_class_uid: str = Field(default="", alias="SOPClassUID")
    study_instance_uid: str = Field(default="", alias="StudyInstanceUID")
    series_instance_uid: str = Field(default="", alias="SeriesInstanceUID")
    instance_number: Number = Field(default=None, alias="InstanceNumber")
    rows: Number = Field(default=None, alias="Rows")
    columns: Number = Field(default=None, alias="Columns")
    number_of_frames: Number = Field(default=None, alias="NumberOfFrames")
    transfer_syntax_uid: str = ""


class ReceivedFile(StoredFile):
    """A file as it arrived, and its outcome."""

    outcome: Outcome
    archived_as: str | None = None
    """The name of its bytes below the study's directory."""
    study_id: UUID | None = None
    """The study that it went to, if not this one: the upload was divided."""


class Provenance(Contract):
    """Where a study came from."""

    upload_id: UUID | None = None
    """The upload that the study was divided from, if it was."""
    label: str | None = None
    """What the sender calls the upload."""
    profile: str | None = None
    """The validation profile that the sender asked for."""
    resubmitted_from: UUID | None = None
    """The study in quarantine whose files these are, if they are."""
    skipped: tuple[SkippedFile, ...] = ()
    """What else was sent."""
    uploaded_at: AwareDatetime
    archiving_began_at: AwareDatetime | None = None
    """Unknown of studies that version 0.1 has archived."""
    archived_at: AwareDatetime
    files: tuple[ReceivedFile, ...]


class ArchivedStudy(Contract):
    """What ``metadata.json`` says, without the data sets."""

    study: dict[str, Any]
    """Summary of the study, by keyword. PHI."""
    series: tuple[dict[str, Any], ...]
    """Summaries of its series, by keyword. PHI."""
    instances: tuple[ArchivedInstance, ...]
    validation: StudyReport
    provenance: Provenance


class MetadataWriter:
    """Writes ``metadata.json`` with bounded memory, however many instances there are.

    Args:
        temporary: an empty file for the entries of the instances; the writer closes it.
    """

    def __init__(self, temporary: IO[bytes]) -> None:
        self._instances = temporary

    @property
    def size_bytes(self) -> int:
        """How long the entries of the instances are so far."""
        return self._instances.tell()

    def close(self) -> None:
        """Close the temporary file."""
        self._instances.close()

    def add_instance(
        self, entry: Mapping[str, Any], file_meta: bytes, dataset: bytes | IO[bytes]
    ) -> None:
        """Add an instance.

        Args:
            entry: what `ArchivedInstance` reads.
            file_meta: its file meta information in the DICOM JSON Model, one line of JSON.
            dataset: its data set, likewise; or a file with it, which is closed.
        """
        in_memory = dataset if isinstance(dataset, bytes) else b"{}"
        lines = {"file_meta": orjson.Fragment(file_meta), "dataset": orjson.Fragment(in_memory)}
        text = _dump({"instances": [{**entry, **lines}]})
        text = text.removeprefix(b"{\n" + _START).removesuffix(_END + b"\n}")
        if self._instances.tell():
            self._instances.write(_BETWEEN)
        if isinstance(dataset, bytes):
            self._instances.write(text)
            return
        before, member, after = text.rpartition(_DATASET)
        self._instances.write(before + member)
        with dataset:
            dataset.seek(0)
            shutil.copyfileobj(dataset, self._instances)
        self._instances.write(after.removeprefix(in_memory))

    def write(self, file: IO[bytes], header: dict[str, Any]) -> None:
        """Write the document.

        Args:
            file: where to.
            header: the members before the instances.
        """
        file.write(_dump(header).removesuffix(b"\n}") + _BETWEEN + _START)
        self._instances.seek(0)
        shutil.copyfileobj(self._instances, file)
        file.write(_END + b"\n}")


def read_metadata(file: BinaryIO) -> ArchivedStudy:
    """Read the metadata of a study without the data sets.

    Args:
        file: ``metadata.json``.

    Raises:
        ValueError: it is not what `MetadataWriter` writes.
    """
    outline = b"".join(map(_without_value, file))
    return ArchivedStudy.model_validate(orjson.loads(outline))


def read_header(file: BinaryIO) -> bytes:
    """The metadata of a study without its instances, as JSON.

    Only the beginning of the file is read; but all of one from version 0.1, whose validation report
    comes last.
    """
    lines = takewhile(lambda line: line != _START, file)
    header = b"".join(lines).rstrip(b",\n") + b"\n}"
    if _VALIDATION in header:
        return header
    file.seek(0)
    return b"".join(map(_without_value, file))


def read_datasets(file: BinaryIO) -> Iterator[bytes]:
    """The data sets of a study in the DICOM JSON Model, in the order of its instances."""
    for line in file:
        text = line.strip()
        if text.startswith(_DATASET):
            yield text.removeprefix(_DATASET).removesuffix(b",")


def _dump(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def _without_value(line: bytes) -> bytes:
    """A line, with null in place of a data set."""
    text = line.strip()
    for start in _LEFT_OUT:
        if text.startswith(start):
            return start + (b"null," if text.endswith(b",") else b"null")
    return line
