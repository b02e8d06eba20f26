"""Reserves the UIDs of accepted files, study by study, and gives each study its id.

Another instance under a reserved UID is refused from then on, in any upload (`storage.uid_index`).
The same instance is a duplicate, whatever its file meta information.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol
from uuid import UUID, uuid5

from contracts.report import Outcome
from engine.profiles.profile import Profile
from engine.rules import study as rules
from engine.tags import SOP_INSTANCE_UID
from engine.violation import Violation
from storage.reservation import Content, Reservation
from validator.candidate import Candidate

Digests = Callable[[Mapping[str, Reservation]], Awaitable[Mapping[str, str]]]
"""Finds out the digests of reserved instances that the index does not know, by SOP Instance UID."""


class Index(Protocol):
    """The part of `storage.uid_index.UidIndex` that is needed here."""

    async def reservations(self, uids: Iterable[str]) -> dict[str, Reservation]:
        """The reservations of SOP Instance UIDs; those that are free are left out."""

    async def reserve(
        self, study_id: UUID, instances: Mapping[str, Content]
    ) -> dict[str, Reservation]:
        """Reserve the UIDs that are free; return the reservations of all."""


async def reject_conflicts(
    files: Iterable[Candidate], profile: Profile, index: Index, digests: Digests
) -> None:
    """Reject files whose UIDs are reserved for other instances, without reserving anything.

    For uploads that fail as a whole: a failed upload must not leave reservations.
    """
    accepted = {file.uid: file for file in files if file.outcome is Outcome.ACCEPTED}
    reservations = await index.reservations(filter(None, accepted))
    for uid, reservation in (await _with_digests(reservations, accepted, digests)).items():
        _reject_other(accepted[uid], reservation, profile)


async def reserve(
    files: Iterable[Candidate], upload_id: UUID, profile: Profile, index: Index, digests: Digests
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
        known = {file.uid: file for file in study if file.uid}
        contents = {uid: file.content for uid, file in known.items()}
        reservations = await index.reserve(study_id, contents)
        reservations = await _with_digests(reservations, known, digests)
        for file in study:
            if file.uid:
                _compare(file, reservations[file.uid], study_id, profile)
        left = [file for file in study if file.outcome is not Outcome.REJECTED]
        if left and is_taken:
            ids[uid] = study_id
            for file in left:
                file.study_id = study_id
        is_taken |= bool(left)
    return ids


async def _with_digests(
    reservations: dict[str, Reservation], files: Mapping[str, Candidate], digests: Digests
) -> dict[str, Reservation]:
    """The reservations with the digests that the index does not know, where they decide."""
    unknown = {
        uid: reservation
        for uid, reservation in reservations.items()
        if not reservation.content.dataset_sha256
        and reservation.content.sha256 != files[uid].stored.sha256
    }
    if not unknown:
        return reservations
    return reservations | {
        uid: unknown[uid].with_digest(digest) for uid, digest in (await digests(unknown)).items()
    }


def _compare(file: Candidate, reservation: Reservation, study_id: UUID, profile: Profile) -> None:
    if reservation.study_id != study_id:
        file.reserved_for = reservation.study_id
    if not file.content.is_same_instance(reservation.content):
        _reject_other(file, reservation, profile)
    elif reservation.study_id != study_id:
        is_same_file = file.stored.sha256 == reservation.content.sha256
        same = "the same file" if is_same_file else "the same data set under another header"
        violation = Violation(SOP_INSTANCE_UID, found=f"{same} in {reservation.study_id}")
        file.outcome = Outcome.DUPLICATE
        file.add(profile, rules.ARCHIVED, violation)


def _reject_other(file: Candidate, reservation: Reservation, profile: Profile) -> None:
    """Reject a file if its UID is reserved for another instance."""
    content, reserved = file.content, reservation.content
    if not content.is_same_instance(reserved):
        syntax = reserved.transfer_syntax_uid
        is_encoded_alike = syntax in {"", content.transfer_syntax_uid}
        other = "another data set" if is_encoded_alike else f"one in transfer syntax {syntax}"
        violation = Violation(
            SOP_INSTANCE_UID, "one data set", f"{other} in {reservation.study_id}"
        )
        file.add(profile, rules.CONFLICT, violation)
