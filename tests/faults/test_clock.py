"""The clock is set, forwards and backwards: of the services' machine, of Redis', or of both."""

import pytest
from faults.clock import Clock
from faults.system import ONE_OF_EACH
from faults.trial import Trial

HOURS = 3600


@pytest.mark.parametrize("machine", ["services", "redis", "all"])
def test_the_clock_jumps(trial: Trial, machine: str) -> None:
    clock = Clock(trial.directory)
    system = trial.system
    services = clock.environment if machine != "redis" else {}
    system.redis.environment = clock.environment if machine != "services" else {}
    with system.running(*ONE_OF_EACH, "validator-2", **services):
        with trial.load() as load:
            for _ in trial.moments(load, 6):
                clock.set(trial.chance.randint(-12 * HOURS, 12 * HOURS))
                system.kill(trial.chance.choice(ONE_OF_EACH))
        trial.close()
