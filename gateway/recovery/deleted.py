"""The studies that were deleted, from the trail of removed files: their records are rebuilt too."""

from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from chassis.observability.logs import get_logger
from contracts.status import State, StudyStatusUpdate
from gateway.deletion.audit_trail import Removal
from storage.study_store import StudyStore


def deleted_studies(studies: StudyStore) -> list[StudyStatusUpdate]:
    """What the status of each deleted study was last, the one deleted first at the beginning.

    These are the studies with a line in the trail that are nowhere any more. Of a study that is
    still somewhere only some files were removed. Blocks.
    """
    last: dict[UUID, datetime] = {}
    for line in studies.removals.lines():
        try:
            removal = Removal.model_validate_json(line)
        except ValidationError:  # somebody has edited the file
            get_logger().warning("records.trail_unreadable")
            continue
        last[removal.study_id] = removal.time
    return [
        StudyStatusUpdate(study_id=study_id, status=State.DELETED, service="gateway", time=time)
        for study_id, time in sorted(last.items(), key=lambda entry: entry[1])
        if not studies.locate(study_id)
    ]
