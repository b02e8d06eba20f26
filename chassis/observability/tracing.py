"""Traces: what happens to one upload in all services, as spans of OpenTelemetry.

Without the setting `otel_endpoint` nothing is traced, and nothing of OpenTelemetry is imported.
Spans have names of routes, events and steps; the `study_id` is an attribute. No exception's text
and no value of a file gets into a span.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

Kind = Literal["server", "consumer", "producer", "internal"]
Attribute = str | int


class Span(Protocol):
    """A span that has begun."""

    def rename(self, name: str) -> None:
        """Give it another name."""

    def note(self, attributes: Mapping[str, Attribute]) -> None:
        """Add attributes."""

    def fail(self) -> None:
        """Mark it as failed."""


class NoSpan:
    """A span that no one sees."""

    def rename(self, name: str) -> None:
        """Do nothing."""

    def note(self, attributes: Mapping[str, Attribute]) -> None:
        """Do nothing."""

    def fail(self) -> None:
        """Do nothing."""


class Tracing(Protocol):
    """Makes spans."""

    @property
    def is_on(self) -> bool:
        """Whether anyone sees the spans."""

    def span(
        self,
        name: str,
        *,
        kind: Kind = "internal",
        parent: str | None = None,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> AbstractContextManager[Span]:
        """A span for what is done in the context; an exception marks it as failed.

        Args:
            name: of the span; of few values.
            kind: its role between services.
            parent: the trace context (W3C `traceparent`) that it continues; None for the span that
                is open here, if there is one.
            attributes: what is known about it.
        """

    def traceparent(self) -> str | None:
        """The trace context of the open span; None if there is none."""

    def shutdown(self) -> None:
        """Send the spans that wait, for a few seconds at most. Blocks."""


class NoTracing:
    """No spans."""

    is_on = False
    _span = NoSpan()

    def span(
        self,
        name: str,
        *,
        kind: Kind = "internal",
        parent: str | None = None,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> AbstractContextManager[Span]:
        """Nothing."""
        del name, kind, parent, attributes
        return nullcontext(self._span)

    def traceparent(self) -> str | None:
        """None."""
        return None

    def shutdown(self) -> None:
        """Do nothing."""


NO_TRACING = NoTracing()
