"""The clock is set, forwards and backwards: of the services' machine, of Redis', or of both."""

import pytest

from faults.clock import Clock
from faults.system import ONE_OF_EACH
from faults.trial import Trial

MINUTE, HALF_A_DAY = 60, 43_200


@pytest.mark.parametrize(
    ("machine", "back_seconds"),
    # Redis lets keys and claims expire by the wall clock: set back, they last so much longer.
    [("services", HALF_A_DAY), ("redis", MINUTE), ("all", MINUTE)],
)
def test_the_clock_jumps(trial: Trial, machine: str, back_seconds: int) -> None:
    clock = Clock(trial.directory)
    system = trial.system
    services = clock.environment if machine != "redis" else {}
    system.redis.environment = clock.environment if machine != "services" else {}
    with system.running(*ONE_OF_EACH, "validator-2", **services):
        now = 0
        with trial.load() as load:
            for _ in trial.moments(load, 6):
                now += trial.chance.choice([-back_seconds, trial.chance.randint(0, HALF_A_DAY)])
                clock.set(now)
                system.kill(trial.chance.choice(ONE_OF_EACH))
        trial.close()
