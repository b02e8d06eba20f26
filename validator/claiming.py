"""Enters what goes on into the index of all uploads, study by study, and gives each study its id.

An entry lasts: other bytes under the same UID are refused from then on, in whatever upload.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID, uuid5

from chassis.instance_index import Kept
from contracts.report import Outcome
from engine.profiles.profile import Profile
from engine.rules import study as rules
from engine.tags import SOP_INSTANCE_UID
from engine.violation import Violation
from validator.candidate import Candidate


class Index(Protocol):
    """What is needed of `chassis.instance_index.InstanceIndex`."""

    async def kept(self, uids: Iterable[str]) -> dict[str, Kept]:
        """What SOP Instance UIDs stand for; those that are free are left out."""

    async def claim(self, study_id: UUID, instances: Mapping[str, str]) -> dict[str, Kept]:
        """Enter those that are free, and tell what all stand for now."""


async def look_for_conflicts(files: Iterable[Candidate], profile: Profile, index: Index) -> None:
    """Refuse what cannot be entered, before anything is: what fails must leave no claims."""
    going_on = {file.uid: file for file in files if file.outcome is Outcome.ACCEPTED}
    for uid, kept in (await index.kept(filter(None, going_on))).items():
        _refuse_other_bytes(going_on[uid], kept, profile)


async def divide(
    files: Iterable[Candidate], upload_id: UUID, profile: Profile, index: Index
) -> dict[str, UUID]:
    """Enter each study into the index, and see what has come in other uploads.

    The first study of which anything is left keeps the id of the upload.

    Returns:
        The ids of the others by their Study Instance UIDs.
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
        kept = await index.claim(study_id, {file.uid: file.stored.sha256 for file in known})
        for file in known:
            _hold_against(file, kept[file.uid], study_id, profile)
        left = [file for file in study if file.outcome is not Outcome.REJECTED]
        if left and is_taken:
            ids[uid] = study_id
            for file in left:
                file.study_id = study_id
        is_taken |= bool(left)
    return ids


def _hold_against(file: Candidate, kept: Kept, study_id: UUID, profile: Profile) -> None:
    if kept.sha256 != file.stored.sha256:
        _refuse_other_bytes(file, kept, profile)
    elif kept.study_id != study_id:
        violation = Violation(SOP_INSTANCE_UID, found=f"the same file in {kept.study_id}")
        file.outcome = Outcome.DUPLICATE
        file.add(profile, rules.ARCHIVED, violation)


def _refuse_other_bytes(file: Candidate, kept: Kept, profile: Profile) -> None:
    if kept.sha256 != file.stored.sha256:
        violation = Violation(SOP_INSTANCE_UID, "one file", f"another file in {kept.study_id}")
        file.add(profile, rules.CONFLICT, violation)
