"""The validation report: findings, the outcome of each instance, the outcome of a study."""

import re
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, NonNegativeFloat, NonNegativeInt

from contracts.model import Contract, Modality, Natural, OrAbsent, Positive, Sha256, Uuid

MOST_DUPLICATED = 100
"""Studies that are named as those that had the instances of a study before."""
MOST_MODALITIES = 50
_MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")


class Severity(StrEnum):
    """How much a finding weighs: an error rejects the instance, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Outcome(StrEnum):
    """What became of an instance."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    """Valid, but the same instance came before, in this upload or in another: it is kept once. The
    file meta information does not count: a PACS that passes a file on writes it again."""


class FindingSummary(Contract):
    """A finding without the values it is about: fit for events, logs and status records."""

    code: str = Field(
        pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=100, examples=["pixel.length-short"]
    )
    """Stable name of the rule that was broken, for programs."""
    severity: Severity
    """How much it weighs: an `error` rejects the instance, a `warning` or an `info` does not."""
    message: str = Field(max_length=500, examples=["The pixel data is shorter than the image."])
    """One sentence for people, in English; it never contains values of the file."""
    path: OrAbsent[Annotated[str, Field(max_length=500)]] = Field(
        default=None, examples=["(0040,A730)[0]>(0040,A043)"]
    )
    """The element concerned: tags in parentheses, `>` before an element of a sequence item, item
    indices from 0 in brackets; absent when the finding is about the file as a whole."""
    keyword: OrAbsent[Annotated[str, Field(max_length=100)]] = Field(
        default=None, examples=["PixelData"]
    )
    """The element's keyword in the DICOM data dictionary (PS3.6); absent when it has none."""
    count: Positive = Field(examples=[1])
    """How many times it was found in all files of the study."""


class Finding(FindingSummary):
    """A violated rule, its place, and the value there. May contain PHI: for the report only."""

    count: Positive = 1
    """How many times it was found in the file."""
    expected: str | None = Field(default=None, max_length=500)
    """What the rule asks for."""
    found: str | None = Field(default=None, max_length=500)
    """What the file contains, shortened."""
    section: str | None = Field(default=None, examples=["PS3.10 7.1"])
    """The standard's section."""
    offset: NonNegativeInt | None = None
    """Where in the file, in bytes from its start."""
    files: tuple[str, ...] = ()
    """The files that a finding across files is about."""
    study_id: OrAbsent[Uuid] = None
    """The study that a finding across files is about, when that is not the one whose report this
    is: an upload with several Study Instance UIDs is divided."""

    def summary(self) -> FindingSummary:
        """The same finding without values of the file."""
        return FindingSummary(
            code=self.code,
            severity=self.severity,
            message=self.message,
            path=self.path,
            keyword=self.keyword,
            count=self.count,
        )


class Identity(Contract):
    """UIDs and modality as the instance contains them, empty where absent."""

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    transfer_syntax_uid: str = ""
    modality: str = ""

    def known(self) -> dict[str, str]:
        """The values that are not empty, by name."""
        return {name: value for name, value in dict(self).items() if value}


class InstanceReport(Contract):
    """The report of one file of a study."""

    file: str
    """The name under which the gateway stored it."""
    size_bytes: NonNegativeInt
    """Length of the file in bytes."""
    sha256: Sha256
    """Digest of the file as it arrived."""
    dataset_sha256: OrAbsent[Sha256] = None
    """Digest of data set and transfer syntax: files with the same one are the same instance.
    Absent if the file could not be read, and in reports of version 0.1."""
    outcome: Outcome
    """Whether the instance goes on to the archive."""
    study_id: OrAbsent[Uuid] = None
    """The study that it went to, when that is not the one whose report this is: an upload with
    several Study Instance UIDs is divided."""
    reserved_for: OrAbsent[Uuid] = None
    """The study that had the SOP Instance UID first, if that is one of another upload."""
    identity: Identity
    """UIDs and modality of the instance."""
    patient_id_hash: OrAbsent[Sha256] = None
    """Keyed digest of its Patient ID, if it has one."""
    findings: tuple[Finding, ...]
    """What is wrong with it."""
    left_out: OrAbsent[Positive] = None
    """How many findings are not listed here, since the report would be too large: of these files
    only the most severe finding is."""

    @property
    def content(self) -> str:
        """The digest that is the same for the same instance; at worst that of the whole file."""
        return self.dataset_sha256 or self.sha256


class FileCounts(Contract):
    """The outcomes of the files of an upload in numbers; so far, while it is being validated.

    Of the files received each is accepted, rejected or a duplicate once it is examined.
    """

    accepted: Natural = Field(examples=[2])
    """Number of files without an error; they go on to the archive."""
    rejected: Natural = Field(examples=[1])
    """Number of files with at least one error; they go to quarantine."""
    received: OrAbsent[Natural] = Field(default=None, examples=[4])
    """Number of files that arrived."""
    examined: OrAbsent[Natural] = Field(default=None, examples=[4])
    """Number of files that have been examined."""
    duplicates: OrAbsent[Natural] = Field(default=None, examples=[1])
    """Number of valid files whose instances had come before, in this upload or in another."""
    skipped: OrAbsent[Natural] = Field(default=None, examples=[1])
    """Number of files that do not belong to the study, such as a DICOMDIR; they are not among those
    received."""


class ValidationFacts(Contract):
    """How a study was validated, and with which outcome."""

    study_id: UUID
    profile: str
    """Name of the validation profile that was applied."""
    profile_version: str = ""
    """Version of that profile, as its author counts."""
    profile_digest: str = ""
    """Digest of the content of that profile."""
    validator_version: str
    """Version of this software."""
    standard_edition: str = ""
    """Edition of the DICOM standard that the tables were made from."""
    validated_at: AwareDatetime
    """When the examination ended."""
    duration_seconds: NonNegativeFloat
    """How long the examination took."""
    outcome: Outcome
    """Rejected when no instance is valid."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the instances as a whole."""
    not_listed: tuple[FindingSummary, ...] = ()
    """The findings that no instance lists (`left_out`), counted by code."""


class StudyReport(ValidationFacts):
    """The validation report of a study, stored as ``report.json`` and inside ``metadata.json``."""

    files: FileCounts
    instances: tuple[InstanceReport, ...]

    @property
    def duplicate_of(self) -> tuple[UUID, ...]:
        """The studies that had all of its own instances before, at most 100; none if any is new."""
        own = self.own
        if any(instance.outcome is not Outcome.DUPLICATE for instance in own):
            return ()
        first = (instance.reserved_for for instance in own)
        return tuple(dict.fromkeys(study_id for study_id in first if study_id))[:MOST_DUPLICATED]

    @property
    def divided_into(self) -> tuple[UUID, ...]:
        """The further studies that the upload was divided into."""
        ids = (instance.study_id for instance in self.instances)
        return tuple(dict.fromkeys(study_id for study_id in ids if study_id))

    @cached_property
    def own(self) -> tuple[InstanceReport, ...]:
        """The valid instances of this study, without those that went to another one."""
        elsewhere = {instance.content for instance in self.instances if instance.study_id}
        return tuple(
            instance
            for instance in self.instances
            if instance.outcome is not Outcome.REJECTED and instance.content not in elsewhere
        )

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities of its own instances; text that is no modality may be PHI: left out."""
        found = {instance.identity.modality for instance in self.own}
        return tuple(sorted(filter(_MODALITY.fullmatch, found))[:MOST_MODALITIES])

    @property
    def patient_id_hash(self) -> str | None:
        """Keyed digest of the Patient ID of its own instances."""
        found = (instance.patient_id_hash for instance in self.own)
        return next((digest for digest in found if digest), None)

    def summaries(self, limit: int = 20) -> tuple[FindingSummary, ...]:
        """All findings without values, equal ones counted, errors first.

        Args:
            limit: the greatest number of entries; the report itself has all of them.
        """
        counts: dict[tuple[str, str | None, Severity], tuple[FindingSummary, int]] = {}
        everything = [self.findings, *(instance.findings for instance in self.instances)]
        for finding in chain.from_iterable(everything):
            key = (finding.code, finding.path, finding.severity)
            summary, count = counts.get(key, (finding.summary(), 0))
            counts[key] = (summary, count + finding.count)
        for other in self.not_listed:
            key = (other.code, None, other.severity)
            summary, count = counts.get(key, (other, 0))
            counts[key] = (summary, count + other.count)
        weight = list(Severity)
        merged = sorted(counts.values(), key=lambda entry: weight.index(entry[0].severity))
        return tuple(
            summary.model_copy(update={"count": count}) for summary, count in merged[:limit]
        )
