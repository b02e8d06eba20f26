"""The services run for a long time, and use no more at the end than at the beginning."""

import time

import pytest

from faults.accounts import Accounts
from faults.growth import RETENTION, Sample, growth, sample
from faults.load import Load
from faults.trial import Trial
from faults.uploads import mixed

STUDIES_PER_ROUND = 50
LEAST_ROUNDS = 8


@pytest.mark.soak
def test_nothing_grows(trial: Trial, request: pytest.FixtureRequest) -> None:
    """Round after round, studies are sent and deleted again; what is used is measured at rest."""
    started = time.monotonic()
    samples: list[Sample] = []
    with trial.system.running(**RETENTION) as system:
        while len(samples) < LEAST_ROUNDS or (
            time.monotonic() - started < request.config.option.minutes * 60
        ):
            with Load(
                system.gateways, mixed(STUDIES_PER_ROUND, trial.chance), trial.chance
            ) as load:
                pass
            accounts = Accounts.of(system, load.accepted)
            accounts.check(trial.seed)
            for study_id in accounts.stored:
                answer = system.http.delete(f"/studies/{study_id}")
                assert answer.is_success, answer.text
            samples.append(sample(system, STUDIES_PER_ROUND * (len(samples) + 1)))
    last = samples[-1]
    trial.report(
        f"{last.studies} studies, {len(samples)} rounds, {time.monotonic() - started:.0f} s; "
        + ", ".join(f"{name} {value:.4g}" for name, value in last.used.items())
    )
    assert growth(samples) == []
