"""The network between the services and Redis, and the status service, fail for a while."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from faults.system import ONE_OF_EACH, lasting
from faults.trial import Trial
from kit.proxy import Proxy

OUTAGE_SECONDS = 20
Outage = Callable[[Proxy], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("outage", "seconds"),
    [
        pytest.param(Proxy.refusing, OUTAGE_SECONDS, id="refused"),
        pytest.param(Proxy.silent, OUTAGE_SECONDS, id="black hole"),
        pytest.param(lambda proxy: proxy.cutting(0.03), OUTAGE_SECONDS, id="cut"),
        pytest.param(lambda proxy: proxy.delaying(0.2), OUTAGE_SECONDS, id="slow"),
        pytest.param(Proxy.swallowing_answers, 5, id="answers lost"),
        pytest.param(
            lambda proxy: proxy.swallowing_answers(b"EXEC"),
            5,
            id="commits lost",
            marks=pytest.mark.short,
        ),
        pytest.param(
            lambda proxy: proxy.swallowing_answers(b"__data__"), 5, id="announcements lost"
        ),
    ],
)
def test_redis_cannot_be_reached_as_usual(trial: Trial, outage: Outage, seconds: float) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                with outage(trial.system.proxy):
                    lasting(seconds)
        trial.close()


def test_the_status_service_is_unavailable(trial: Trial) -> None:
    with trial.system.running():
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                with trial.system.down("status"):
                    lasting(OUTAGE_SECONDS)
        trial.close()


def test_redis_is_frozen(trial: Trial) -> None:
    with trial.system.running(*ONE_OF_EACH, "validator-2"):
        with trial.load() as load:
            for _ in trial.moments(load, 2):
                with trial.system.frozen_redis():
                    lasting(OUTAGE_SECONDS)
        trial.close()
