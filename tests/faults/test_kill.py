"""Services and Redis are killed with -9, one after the other and all at once."""

import pytest

from faults.system import ONE_OF_EACH
from faults.trial import Trial


@pytest.mark.short
def test_services_are_killed_one_after_the_other(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 8):
                trial.system.kill(trial.chance.choice(ONE_OF_EACH))
        trial.close()


def test_redis_is_killed(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 3):
                trial.system.kill_redis()
        trial.close()


def test_everything_is_killed_at_once(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 3):
                trial.system.kill_everything()
                trial.system.await_ready()
        trial.close()


def test_any_of_many_replicas_are_killed(trial: Trial) -> None:
    names = (*ONE_OF_EACH, "gateway-2", "validator-2", "validator-3", "descriptor-2")
    with trial.system.running(*names):
        with trial.load() as load:
            for _ in trial.moments(load, 12):
                trial.system.kill(*trial.chance.sample(names, 2))
        trial.close()
