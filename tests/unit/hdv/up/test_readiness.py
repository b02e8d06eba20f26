"""`hdv up` waits for its services as long as they may take, and says what it waits for."""

import pytest

from hdv.up.readiness import SAY_PERIOD_SECONDS, NotReadyError, Start


class Services:
    """What services answer, at a time that passes when a test says so."""

    def __init__(self) -> None:
        self.missing: dict[str, str | None] = {"a": "is starting", "b": "not well: redis"}
        self.asked: list[str] = []
        self.now = 0.0

    def start(self, seconds: float) -> Start:
        return Start(
            {name: name for name in self.missing}, seconds, missing=self.ask, clock=lambda: self.now
        )

    def ask(self, url: str) -> str | None:
        self.asked.append(url)
        return self.missing[url]


def test_the_start_is_over_when_each_service_has_been_ready() -> None:
    services = Services()
    start = services.start(600)
    services.missing["a"] = None
    assert start.look() is None
    assert not start.is_over()
    services.missing = {"a": "is starting", "b": None}
    start.look()
    assert start.is_over()
    assert services.asked == ["a", "b", "b"]


def test_it_says_from_time_to_time_what_it_waits_for() -> None:
    services = Services()
    start = services.start(600)
    said = []
    for services.now in (1, SAY_PERIOD_SECONDS, SAY_PERIOD_SECONDS + 1, 2 * SAY_PERIOD_SECONDS):
        said.append(start.look())
        services.missing["a"] = None
    first = "Waiting for b (not well: redis) …"
    assert said == [None, first, None, first]


def test_what_is_not_ready_in_time_is_named_with_the_option() -> None:
    services = Services()
    start = services.start(20)
    services.now = 20
    start.look()
    services.now = 21
    expected = (
        r"not ready after 20 s: a \(is starting\), b \(not well: redis\); --start-seconds allows"
    )
    with pytest.raises(NotReadyError, match=expected):
        start.look()
