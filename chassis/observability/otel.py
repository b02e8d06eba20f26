"""Traces by the SDK of OpenTelemetry: needs the extra `otel`; imported only where it is on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.observability.logs import error_name
from chassis.observability.tracing import Attribute, Kind

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_KINDS = {
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
    "producer": SpanKind.PRODUCER,
    "internal": SpanKind.INTERNAL,
}
_PROPAGATOR = TraceContextTextMapPropagator()


class OtelTracing:
    """Sends spans to a collector, in the background; what it does not take in time is dropped.

    Args:
        service: the name of the service.
        instance: of the process.
        endpoint: address of the collector, such as `http://collector:4318`.
        ratio: the share of traces that are recorded, where the client has not decided it.
        exporter: takes the spans, in tests.
    """

    is_on = True

    def __init__(
        self,
        service: str,
        instance: str,
        endpoint: str,
        ratio: float,
        *,
        exporter: "SpanExporter | None" = None,
    ) -> None:
        resource = Resource.create(
            {
                "service.name": f"hdv-{service}",
                "service.version": version("hybrid-dicom-validator"),
                "service.instance.id": instance,
            }
        )
        sampler = ParentBased(TraceIdRatioBased(ratio))
        # No provider is set for the whole process: no library adds spans of its own.
        self._provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
        exporter = exporter or OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("hdv")

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: Kind = "internal",
        parent: str | None = None,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> "Iterator[_Span]":
        """A span; see `chassis.observability.tracing.Tracing`."""
        context = _PROPAGATOR.extract({"traceparent": parent}, Context()) if parent else None
        with self._tracer.start_as_current_span(
            name,
            context,
            _KINDS[kind],
            dict(attributes or {}),
            # Their texts may quote a patient's data.
            record_exception=False,
            set_status_on_exception=False,
        ) as found:
            try:
                yield _Span(found)
            except BaseException as error:
                found.set_status(Status(StatusCode.ERROR))
                found.set_attribute("error.type", error_name(error))
                raise

    def traceparent(self) -> str | None:
        """The trace context of the open span."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(get_current_span()))
        return carrier.get("traceparent")

    def shutdown(self) -> None:
        """Send the spans that wait."""
        self._provider.shutdown()


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)

    def note(self, attributes: Mapping[str, Attribute]) -> None:
        """Add attributes."""
        self._span.set_attributes(dict(attributes))

    def fail(self) -> None:
        """Mark it as failed."""
        self._span.set_status(Status(StatusCode.ERROR))
