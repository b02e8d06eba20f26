"""Ingests an upload: from the parts of a request's body to the record of what was received."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from chassis.access.caller import Caller
from contracts.intake import Intake
from gateway.limits import UploadLimits
from gateway.uploads.fields import Fields, label_for, read_fields
from gateway.uploads.parts import Parts
from gateway.uploads.receiver import Receiver, UploadMode
from gateway.uploads.staging import Staging
from gateway.uploads.writer import in_thread


async def ingest(
    parts: Parts,
    staging: Staging,
    limits: UploadLimits,
    mode: UploadMode,
    *,
    study_id: UUID,
    traceparent: str | None,
    profiles_dir: Path | None,
    study_instance_uid: str | None = None,
    idempotency_key: str | None = None,
    caller: Caller,
) -> Callable[[], Intake]:
    """Receive an upload; it is staged then, and not committed yet.

    Args:
        parts: of the request's body, as they arrive; closed at the end.
        staging: where the files go.
        limits: what the upload may cost.
        mode: how its parts are taken.
        study_id: the id that the upload gets.
        traceparent: trace context for the event.
        profiles_dir: the folder of further profiles that the client may ask for.
        study_instance_uid: the UID that every instance must have, if the client named one.
        idempotency_key: the digest of the request's key, if it has one.
        caller: who sends it, perhaps bound to labels.

    Returns:
        Makes the record of the upload, once the staging is flushed.

    Raises:
        Problem: the upload cannot be accepted.
    """
    receiver = Receiver(staging, limits, mode)
    await receiver.receive(parts)
    sent = receiver.fields
    fields = await in_thread(read_fields, sent, profiles_dir) if sent else Fields()
    label = label_for(caller, fields.label)

    def describe() -> Intake:
        return Intake.new(
            study_id,
            receiver.files,
            traceparent=traceparent,
            skipped=receiver.skipped,
            expected_instances=fields.expected_instances,
            profile=fields.profile,
            label=label,
            study_instance_uid=study_instance_uid,
            idempotency_key=idempotency_key,
        )

    return describe
