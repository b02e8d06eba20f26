"""Volumes are full or read-only for longer than any number of retries lasts."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from faults.system import lasting
from faults.trial import Trial
from faults.volume import SmallVolume

MEGABYTES_PER_STUDY = 1
SECONDS = 30
Fault = Callable[[SmallVolume], AbstractContextManager[None]]
FULL, READ_ONLY = SmallVolume.full, SmallVolume.read_only


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        pytest.param("uploads", FULL, id="uploads full"),
        pytest.param("quarantine", FULL, id="quarantine full"),
        pytest.param("archive", FULL, id="archive full"),
        pytest.param("redis", FULL, id="redis full"),
        pytest.param(".", FULL, id="everything full"),  # logs too
        pytest.param("quarantine", READ_ONLY, id="quarantine read-only"),
        pytest.param("archive", READ_ONLY, id="archive read-only"),
    ],
)
def test_a_volume_cannot_be_written(trial: Trial, place: str, fault: Fault) -> None:
    size = MEGABYTES_PER_STUDY * trial.studies + 50
    with SmallVolume(trial.directory / place, size) as volume, trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                with fault(volume):
                    lasting(SECONDS)
        trial.close()
