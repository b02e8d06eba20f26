"""``intake.json``: what is known about an upload, stored beside its files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field, NonNegativeInt

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.model import (
    Contract,
    DicomUid,
    Label,
    OrAbsent,
    Positive,
    ProfileName,
    Sha256,
    SkipReason,
    Uuid,
)
from contracts.places import Place, study_directory


class StoredFile(Contract):
    """One file as it arrived."""

    name: str = Field(pattern=r"^[0-9]{6}\.dcm$", examples=["000001.dcm"])
    """The name under which it is stored; the gateway chooses it, never the client."""
    sent_as: str = Field(default="", max_length=1024)
    """The name the client gave it: text only, never a path. Of a file from an archive it is the
    archive's name, ``!/`` and the name in it. May contain PHI."""
    size_bytes: NonNegativeInt
    """Length in bytes."""
    sha256: Sha256
    """Digest of its bytes, computed while they arrived."""


class SkippedFile(Contract):
    """A file that was sent and not kept, because it does not belong to the study."""

    sent_as: str = Field(max_length=1024)
    """The name the client gave it. May contain PHI."""
    reason: SkipReason


class Intake(Contract):
    """Everything that is known about an upload, with the event that announces it."""

    event: StudyUploaded
    files: tuple[StoredFile, ...] = Field(min_length=1)
    expected_instances: OrAbsent[Positive] = None
    """How many instances the study has, if the sender said so."""
    skipped: tuple[SkippedFile, ...] = ()
    """What else was sent."""
    profile: OrAbsent[ProfileName] = None
    """The validation profile that the sender asked for; the validator's own when absent."""
    label: OrAbsent[Label] = None
    """The sender's own name for the upload, to find it again."""
    study_instance_uid: OrAbsent[DicomUid] = None
    """The Study Instance UID that every instance has to have, if the sender named one
    (PS3.18 10.5.1)."""
    upload_id: OrAbsent[Uuid] = None
    """The upload that this study was divided from, if it was."""
    upload_event: OrAbsent[StudyUploaded] = None
    """The event that announced that upload."""
    resubmitted_from: OrAbsent[Uuid] = None
    """The study in quarantine whose files these are, if they are."""
    idempotency_key: OrAbsent[Sha256] = None
    """Digest of the request's `Idempotency-Key`, if it had one."""

    @classmethod
    def new(
        cls,
        study_id: UUID,
        files: Sequence[StoredFile],
        *,
        source: str = "gateway",
        cause: StudyUploaded | None = None,
        time: datetime | None = None,
        traceparent: str | None = None,
        skipped: Sequence[SkippedFile] = (),
        label: str | None = None,
        profile: str | None = None,
        expected_instances: int | None = None,
        study_instance_uid: str | None = None,
        upload_id: UUID | None = None,
        resubmitted_from: UUID | None = None,
        idempotency_key: str | None = None,
    ) -> Self:
        """What is known about an upload, with the event that announces it.

        Args:
            study_id: the id of the upload.
            files: its files, in the order of their arrival.
            source: the service that made the upload: the gateway, or the validator when it
                divided another one.
            cause: the event of the upload that this one was divided from, if it was.
            time: when it arrived; now when not given.
            traceparent: the sender's trace context.
            skipped: further files that were sent and not kept.
            label: see the fields of this class, also for what follows.
            profile: as above.
            expected_instances: as above.
            study_instance_uid: as above.
            upload_id: as above.
            resubmitted_from: as above.
            idempotency_key: as above.
        """
        event = StudyUploaded.new(
            source=source,
            subject=study_id,
            data=StudyUploadedData(
                directory=study_directory(Place.UPLOADS, study_id),
                file_count=len(files),
                size_bytes=sum(file.size_bytes for file in files),
                label=label,
                skipped=len(skipped) or None,
            ),
            cause=cause,
            traceparent=traceparent,
            time=time,
        )
        return cls(
            event=event,
            files=tuple(files),
            skipped=tuple(skipped),
            label=label,
            profile=profile,
            expected_instances=expected_instances,
            study_instance_uid=study_instance_uid,
            upload_id=upload_id,
            upload_event=cause,
            resubmitted_from=resubmitted_from,
            idempotency_key=idempotency_key,
        )
