"""Examines a file and keeps the findings of some layers: a small file is no whole instance."""

from collections.abc import Mapping

from contracts.report import Finding
from engine.encoding.reading import read
from engine.examination import examine
from engine.instance import Instance
from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom

PROFILE = Profile(required_elements=())


def findings_in(data: bytes, *layers: str, profile: Profile = PROFILE) -> list[Finding]:
    """The findings of a file whose codes belong to the layers."""
    findings = examine(data, profile).findings
    return [finding for finding in findings if finding.code.partition(".")[0] in layers]


def instance_of(data: bytes, profile: Profile = PROFILE) -> Instance | None:
    """The instance in a file, read without a word about anomalies; None if it is not DICOM."""
    file = read(data, profile.limits, lambda _: None)
    return Instance.of(file, data, profile) if file else None


def changed(
    dataset: dicom.DataSet, changes: Mapping[int, tuple[str, bytes] | None]
) -> dicom.DataSet:
    """A data set with other elements; None takes one out."""
    merged = {**dataset, **changes}
    return {tag: element for tag, element in merged.items() if element is not None}
