"""Reserves the UIDs of accepted files, study by study, and gives each study its id.

Other bytes under a reserved UID are refused from then on, in any upload (`storage.uid_index`).
"""

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID, uuid5

from contracts.report import Outcome
from engine.profiles.profile import Profile
from engine.rules import study as rules
from engine.tags import SOP_INSTANCE_UID
from engine.violation import Violation
from storage.uid_index import Reservation
from validator.candidate import Candidate


class Index(Protocol):
    """The part of `storage.uid_index.UidIndex` that is needed here."""

    async def reservations(self, uids: Iterable[str]) -> dict[str, Reservation]:
        """The reservations of SOP Instance UIDs; those that are free are left out."""

    async def reserve(self, study_id: UUID, instances: Mapping[str, str]) -> dict[str, Reservation]:
        """Reserve the UIDs that are free; return the reservations of all."""


async def reject_conflicts(files: Iterable[Candidate], profile: Profile, index: Index) -> None:
    """Reject files whose UIDs are reserved for other bytes, without reserving anything.

    For uploads that fail as a whole: a failed upload must not leave reservations.
    """
    accepted = {file.uid: file for file in files if file.outcome is Outcome.ACCEPTED}
    reservations = await index.reservations(filter(None, accepted))
    for uid, reservation in reservations.items():
        _reject_other_bytes(accepted[uid], reservation, profile)


async def reserve(
    files: Iterable[Candidate], upload_id: UUID, profile: Profile, index: Index
) -> dict[str, UUID]:
    """Reserve the UIDs of each study, and compare them with what came in other uploads.

    The first study of which any file is left keeps the id of the upload.

    Returns:
        The ids of the other studies by their Study Instance UIDs.
    """
    studies: dict[str, list[Candidate]] = {}
    for file in files:
        if file.outcome is Outcome.ACCEPTED:
            studies.setdefault(file.study, []).append(file)
    ids: dict[str, UUID] = {}
    is_taken = False
    for uid, study in studies.items():
        study_id = uuid5(upload_id, uid) if is_taken else upload_id
        known = [file for file in study if file.uid]
        sha256s = {file.uid: file.stored.sha256 for file in known}
        reservations = await index.reserve(study_id, sha256s)
        for file in known:
            _compare(file, reservations[file.uid], study_id, profile)
        left = [file for file in study if file.outcome is not Outcome.REJECTED]
        if left and is_taken:
            ids[uid] = study_id
            for file in left:
                file.study_id = study_id
        is_taken |= bool(left)
    return ids


def _compare(file: Candidate, reservation: Reservation, study_id: UUID, profile: Profile) -> None:
    if reservation.sha256 != file.stored.sha256:
        _reject_other_bytes(file, reservation, profile)
    elif reservation.study_id != study_id:
        violation = Violation(SOP_INSTANCE_UID, found=f"the same file in {reservation.study_id}")
        file.outcome = Outcome.DUPLICATE
        file.add(profile, rules.ARCHIVED, violation)


def _reject_other_bytes(file: Candidate, reservation: Reservation, profile: Profile) -> None:
    if reservation.sha256 != file.stored.sha256:
        found = f"another file in {reservation.study_id}"
        violation = Violation(SOP_INSTANCE_UID, "one file", found)
        file.add(profile, rules.CONFLICT, violation)
