"""Rolling restarts under load: every service is stopped in an orderly way and started again."""

from faults.system import ONE_OF_EACH
from faults.trial import Trial


def test_rolling_restarts(trial: Trial) -> None:
    names = (*ONE_OF_EACH, "gateway-2", "validator-2", "descriptor-2")
    with trial.system.running(*names):
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                for name in names:
                    trial.system.restart(name)
        trial.close()
