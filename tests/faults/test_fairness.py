"""Small studies come through while large ones are worked on."""

from faults.accounts import archived_in_order
from faults.trial import Trial
from faults.uploads import one_slice, slices

LARGE, SMALL = 8, 8
AT_ONCE = 4
"""Large studies that a service works on at the same time, by default."""


def test_small_studies_overtake_large_ones(trial: Trial) -> None:
    """They do not wait for those large ones that wait themselves.

    The validator finds all at once, the large ones first.
    """
    size = max(20, trial.studies // 3)
    with trial.system.running():
        with trial.system.frozen("validator"):
            with trial.load([slices(size) for _ in range(LARGE)]) as large:
                pass
            with trial.load([one_slice(trial.chance) for _ in range(SMALL)]) as small:
                pass
        trial.settle()
        order = archived_in_order(trial.system)
        ends = sorted(order.index(study_id) for _, study_id in large.accepted)
        before = [
            sum(end < order.index(study_id) for end in ends) for _, study_id in small.accepted
        ]
        trial.report(
            f"{LARGE} large studies; so many of them before each small one: {sorted(before)}"
        )
        trial.close()
        assert max(before) <= AT_ONCE
