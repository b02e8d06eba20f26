"""Volumes are full or read-only for longer than any number of retries lasts."""

import pytest

from faults.system import lasting
from faults.trial import Trial
from faults.volume import SmallVolume

MEGABYTES_PER_STUDY = 1
SECONDS = 30


@pytest.mark.parametrize("place", ["uploads", "quarantine", "archive", "redis", "."])
def test_a_volume_is_full(trial: Trial, place: str) -> None:
    """`.` is the one disk of everything."""
    with (
        SmallVolume(trial.directory / place, MEGABYTES_PER_STUDY * trial.studies + 50) as volume,
        trial.system.running(),
    ):
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                with volume.full():
                    lasting(SECONDS)
        trial.close()


@pytest.mark.parametrize("place", ["quarantine", "archive"])
def test_a_volume_is_read_only(trial: Trial, place: str) -> None:
    with (
        SmallVolume(trial.directory / place, MEGABYTES_PER_STUDY * trial.studies + 50) as volume,
        trial.system.running(),
    ):
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                with volume.read_only():
                    lasting(SECONDS)
        trial.close()
