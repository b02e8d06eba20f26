"""What a study costs the services, counted: these are limits that only go down."""

from collections.abc import Iterator

import pytest

from benchmarks import costs
from benchmarks.corpus import Corpus
from benchmarks.costs import (
    COMMANDS,
    FSYNCS,
    LINES,
    MESSAGES,
    READ,
    ROUND_TRIPS,
    SCRIPTED,
    WRITTEN,
)
from benchmarks.ours import Ours

UPLOADS = 10
SLICES = 20

# An upload until it is archived; a slice has 528 KB. Lower a limit when its cost has gone
# down. A slow machine sends a few more marks of progress and heartbeats.
LIMITS = {
    #               one slice  20 slices
    COMMANDS: (37, 80),
    # Three of these count the announcements of an upload, so that it is announced once.
    SCRIPTED: (18, 22),
    ROUND_TRIPS: (25, 28),
    MESSAGES: (3, 3),
    FSYNCS: (10, 30),
    LINES: (14, 16),
    WRITTEN: (640, 11_200),
    READ: (1_200, 22_500),
}


# An upload of one slice among many, at eight connections: what comes together is done together.
# The limits leave room for a machine on which less comes together.
BUSY_UPLOADS, CONNECTIONS = 60, 8
BUSY_LIMITS = {COMMANDS: 26, ROUND_TRIPS: 15, MESSAGES: 3, FSYNCS: 10, LINES: 10}


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, float]]]:
    directory = tmp_path_factory.mktemp("costs")
    corpus, tally = Corpus(directory / "corpus"), directory / "tally"
    with Ours(directory / "ours", environment=costs.environment(tally)) as ours:
        one = costs.count(ours, tally, [[file] for file in corpus.slices(UPLOADS)])
        files = corpus.slices(UPLOADS * SLICES)
        many = costs.count(ours, tally, [files[n::UPLOADS] for n in range(UPLOADS)])
        slices = [[file] for file in corpus.slices(BUSY_UPLOADS)]
        busy = costs.count(ours, tally, slices, connections=CONNECTIONS)
        yield [one, many, busy]


@pytest.mark.parametrize("cost", LIMITS)
def test_an_upload_of_one_slice_costs_no_more_than(
    cost: str, counts: list[dict[str, float]]
) -> None:
    [one, _, _] = counts
    assert 0 < one[cost] <= LIMITS[cost][0], commands(one)


@pytest.mark.parametrize("cost", LIMITS)
def test_an_upload_of_20_slices_costs_no_more_than(
    cost: str, counts: list[dict[str, float]]
) -> None:
    [_, many, _] = counts
    assert 0 < many[cost] <= LIMITS[cost][1], commands(many)


@pytest.mark.parametrize("cost", BUSY_LIMITS)
def test_one_of_many_uploads_costs_no_more_than(cost: str, counts: list[dict[str, float]]) -> None:
    [_, _, busy] = counts
    assert 0 < busy[cost] <= BUSY_LIMITS[cost], commands(busy)


def commands(counts: dict[str, float]) -> str:
    """How often each command was sent to Redis."""
    return ", ".join(f"{name} {value:.1f}" for name, value in counts.items() if name.isupper())
