"""Takes an upload in: from the body's parts to a study that lies safely in ``uploads/``."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

from contracts.intake import Intake
from gateway.uploads.fields import read_fields
from gateway.uploads.limits import UploadLimits
from gateway.uploads.parts import Parts
from gateway.uploads.receiver import Receiving
from gateway.uploads.staging import in_thread, staged
from storage.study_store import StudyStore


@contextlib.asynccontextmanager
async def take_in(
    parts: Parts,
    *,
    studies: StudyStore,
    limits: UploadLimits,
    content_length: int | None,
    traceparent: str | None,
    study_id: UUID | None = None,
    profiles_dir: Path | None = None,
    study_instance_uid: str | None = None,
    of_every_kind: bool = False,
) -> AsyncIterator[Intake]:
    """Receive a study. Inside the context it lies in ``uploads/``; an exception there removes it.

    Args:
        parts: what the request's body says, as it arrives; closed at the end.
        studies: where studies are stored.
        limits: what the upload may cost.
        content_length: size of the body in bytes if the client has told it.
        traceparent: trace context to hand on.
        study_id: the id that the upload gets; a new one when not given.
        profiles_dir: where profiles lie that the client may ask for.
        study_instance_uid: what every instance has to have, if the client has told it.
        of_every_kind: whether each part is one file of the study, whatever it is; else archives are
            unpacked, some names skipped, and an upload without anything that may be DICOM is
            refused.

    Raises:
        RefusedUploadError: the upload cannot be accepted; nothing of it is left.
    """
    study_id = study_id or uuid4()
    async with staged(studies, study_id, limits.min_free_bytes, content_length or 0) as staging:
        receiving = Receiving(staging, limits, as_sent=of_every_kind, of_every_kind=of_every_kind)
        await receiving.receive(parts)
        fields = await in_thread(read_fields, receiving.fields, profiles_dir)
        intake = Intake.new(
            study_id,
            receiving.files,
            traceparent=traceparent,
            skipped=receiving.skipped,
            label=fields.label,
            profile=fields.profile,
            expected_instances=fields.expected_instances,
            study_instance_uid=study_instance_uid,
        )
        await staging.commit(intake)
        yield intake
