"""The registry of one service's metrics: each metric has the service's name as its first label."""

from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Instruments:
    """Makes metrics and writes them out; no global registry, so that tests can have several.

    Args:
        service: the name of the service.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def counter(self, name: str, meaning: str, *labels: str) -> Counter:
        """A metric that only grows; its name gets the suffix `_total`."""
        return Counter(name, meaning, ("service", *labels), registry=self._registry)

    def gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        """A metric that rises and falls."""
        return Gauge(name, meaning, ("service", *labels), registry=self._registry)

    def histogram(
        self, name: str, meaning: str, *labels: str, buckets: Sequence[float] = BUCKETS
    ) -> Histogram:
        """A distribution, such as of durations in seconds."""
        names = ("service", *labels)
        return Histogram(name, meaning, names, buckets=buckets, registry=self._registry)

    def names(self) -> set[str]:
        """The names of our metrics, as Prometheus knows them, without the suffixes of series."""
        found = self._registry.collect()
        names = {f"{m.name}_total" if m.type == "counter" else m.name for m in found}
        return {name for name in names if name.startswith("hdv_")}

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
