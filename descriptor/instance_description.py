"""The description of an instance: its data set in the DICOM JSON Model, and its summary."""

from dataclasses import dataclass, replace
from typing import IO

from contracts.report import Identity

STUDY_KEYWORDS = (
    "StudyInstanceUID",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "AccessionNumber",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
)
SERIES_KEYWORDS = (
    "SeriesInstanceUID",
    "Modality",
    "SeriesNumber",
    "SeriesDescription",
    "BodyPartExamined",
)
INSTANCE_KEYWORDS = (
    "SOPInstanceUID",
    "SOPClassUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
)

_UIDS = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID"})

Values = dict[str, str | int | float]
"""The first values of the summarised attributes, by keyword; absent where there is none."""


@dataclass(frozen=True)
class InstanceDescription:
    """The description of an instance; it can be pickled."""

    values: Values
    """Numbers are text where the file has text; all others are text always."""
    transfer_syntax_uid: str = ""
    sop_class_name: str = ""
    """As the standard names it; the UID where it does not."""
    transfer_syntax_name: str = ""
    """As the standard names it; the UID where it does not."""
    file_meta: bytes = b"{}"
    """The file meta information in the DICOM JSON Model, as JSON."""
    dataset: bytes = b"{}"
    """The data set in the DICOM JSON Model, as JSON."""
    dataset_file: IO[bytes] | None = None
    """A file with ``dataset`` in its place, if that is long."""
    incomplete: str | None = None
    """Why the data set is not all there; None if it is. ``structure``: it is broken or truncated;
    ``depth``, ``elements``, ``inflated-size``, ``json-size``: a limit; ``study-size``: a limit of
    all instances together; ``undescribed``: the process failed."""
    picture: bytes | None = None
    """A PNG of it, if it is the picture of its study and could be rendered quickly."""


def in_file(description: InstanceDescription, file: IO[bytes]) -> InstanceDescription:
    """The same description with its data set in a file instead of in memory. Blocks."""
    file.write(description.dataset)
    return replace(description, dataset=b"", dataset_file=file)


def undescribed(identity: Identity) -> InstanceDescription:
    """The description of an instance that could not be described: what the report says of it."""
    return InstanceDescription(
        values=_values_of(identity),
        transfer_syntax_uid=identity.transfer_syntax_uid,
        sop_class_name=identity.sop_class_uid,
        transfer_syntax_name=identity.transfer_syntax_uid,
        incomplete="undescribed",
    )


def identified(description: InstanceDescription, identity: Identity) -> InstanceDescription:
    """A description with the identity that the report gives: by it the instance is found."""
    values = {key: value for key, value in description.values.items() if key not in _UIDS}
    return replace(
        description,
        values={**values, **_values_of(identity)},
        transfer_syntax_uid=identity.transfer_syntax_uid,
    )


def _values_of(identity: Identity) -> Values:
    values = {
        "StudyInstanceUID": identity.study_instance_uid,
        "SeriesInstanceUID": identity.series_instance_uid,
        "Modality": identity.modality,
        "SOPClassUID": identity.sop_class_uid,
        "SOPInstanceUID": identity.sop_instance_uid,
    }
    return {keyword: value for keyword, value in values.items() if value}
