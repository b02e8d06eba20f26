"""Spans: nothing of an exception but its type, and nothing at all where no one asked for them."""

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from chassis.observability.otel import OtelTracing
from chassis.observability.steps import Steps
from chassis.observability.tracing import NO_TRACING

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> OtelTracing:
    return OtelTracing("gateway", "one", "http://127.0.0.1:1", 1.0, exporter=exporter)


def test_a_step_is_a_span_inside_the_open_one(
    tracing: OtelTracing, exporter: InMemorySpanExporter
) -> None:
    with tracing.span("outer", kind="server", parent=PARENT) as outer:
        outer.rename("POST /upload")
        assert str(tracing.traceparent()).startswith(PARENT[:35])
        with Steps(tracing=tracing).step("receive"):
            pass
    assert tracing.traceparent() is None
    tracing.shutdown()
    inner, server = exporter.get_finished_spans()
    assert (inner.name, server.name) == ("receive", "POST /upload")
    assert inner.parent == server.context
    assert server.resource.attributes["service.name"] == "hdv-gateway"


def test_an_exception_is_its_type_and_never_its_text(
    tracing: OtelTracing, exporter: InMemorySpanExporter
) -> None:
    with pytest.raises(ValueError, match="DOE"), tracing.span("examine"):
        raise ValueError("DOE^JANE")
    tracing.shutdown()
    [span] = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes == {"error.type": "ValueError"}
    assert "DOE" not in span.to_json()


def test_without_tracing_its_module_is_not_imported_and_a_span_does_nothing() -> None:
    code = (
        "import sys, gateway.app, validator.app; "
        "assert 'chassis.observability.otel' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with NO_TRACING.span("examine", parent=PARENT) as span:
        span.rename("other")
        assert NO_TRACING.traceparent() is None
