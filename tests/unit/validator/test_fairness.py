"""Fairness: a large study does not hold up a small one that came after it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from chassis.runtime.slots import Slots
from contracts.intake import StoredFile
from contracts.places import stored_name
from engine.profiles.profile import Profile
from engine.report import Report
from kit.volumes import Volumes
from storage.layout import JOURNAL
from validator.app import BATCHES_PER_PROCESS
from validator.examine import FILES_AT_ONCE, examine_files
from validator.journal import Journal

LARGE, SMALL = UUID(int=1), UUID(int=2)
PROCESSES = 2


async def test_a_study_of_one_slice_waits_for_a_few_batches_of_a_large_one_before_it(
    tmp_path: Path,
) -> None:
    volumes = Volumes.below(tmp_path)
    slots = Slots(PROCESSES, long_seconds=3600)
    batches: Counter[str] = Counter()
    waited: dict[str, int] = {}
    """For how many batches of the large study each study has waited the last time."""
    large_has_begun = asyncio.Event()

    async def examine(paths: Sequence[Path], _: Profile) -> list[Report]:
        study_id = paths[0].parent.name
        asked = batches[str(LARGE)]
        async with slots.slot():
            waited[study_id] = batches[str(LARGE)] - asked
            large_has_begun.set()
            await asyncio.sleep(0)
        batches[study_id] += 1
        return [Report() for _ in paths]

    async def study(study_id: UUID, count: int) -> None:
        names = [stored_name(number) for number in range(1, count + 1)]
        volumes.uploaded(study_id).mkdir(parents=True)
        for name in names:
            (volumes.uploaded(study_id) / name).touch()
        folder = volumes.studies.uploaded(study_id)
        await examine_files(
            folder,
            [StoredFile(name=name, size_bytes=0, sha256="0" * 64) for name in names],
            examine,
            Profile(),
            Journal(folder.file(JOURNAL), {}),
            at_once=BATCHES_PER_PROCESS * PROCESSES,
            note=lambda _: None,
        )

    large = asyncio.create_task(study(LARGE, 100 * FILES_AT_ONCE))
    await large_has_begun.wait()
    await study(SMALL, 1)
    assert batches[str(LARGE)] < 20
    await large
    assert waited[str(SMALL)] <= BATCHES_PER_PROCESS * PROCESSES
    assert batches == {str(LARGE): 100, str(SMALL): 1}
