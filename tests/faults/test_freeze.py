"""Processes are frozen: one that has work in hand, or all at once as on a suspended laptop."""

import pytest

from faults.system import CLAIM_SECONDS, ONE_OF_EACH, lasting
from faults.trial import Trial

EXAMINATION_SECONDS = 2


@pytest.mark.parametrize("name", ["validator", "descriptor", "status", "gateway"])
def test_a_worker_is_frozen_beyond_the_claim_time_and_goes_on(trial: Trial, name: str) -> None:
    """Its work is claimed by the other one meanwhile; then both think that it is theirs."""
    other = f"{name}-2"
    with trial.system.running(*ONE_OF_EACH, other):
        with trial.load() as load:
            for _ in trial.moments(load, 4):
                with trial.system.frozen(trial.chance.choice([name, other])):
                    lasting(2 * CLAIM_SECONDS)
        trial.close()


def test_everything_is_suspended_for_longer_than_the_limits(trial: Trial) -> None:
    """No valid file may be rejected because its examination took so long by the clock."""
    limits = {
        "HDV_VALIDATOR__EXAMINATION_SECONDS": str(EXAMINATION_SECONDS),
        "HDV_DESCRIPTOR__DESCRIPTION_SECONDS": str(EXAMINATION_SECONDS),
    }
    with trial.system.running(**limits):
        with trial.load() as load:
            for _ in trial.moments(load, 6):
                with trial.system.suspended():
                    lasting(2 * EXAMINATION_SECONDS)
        trial.close()
