"""One trace from the upload through the workers to the archive, as a collector receives it."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from kit.pipeline import Pipeline

CLIENT = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector:
    """A collector in this process: takes OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.add(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            [service] = [
                attribute.value.string_value
                for attribute in resource.resource.attributes
                if attribute.key == "service.name"
            ]
            for scope in resource.scope_spans:
                self.spans += [(service, span) for span in scope.spans]


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


def test_an_upload_is_one_trace_up_to_the_archive(
    pipeline: Pipeline, collector: Collector, ct: bytes
) -> None:
    pipeline.start_all(HDV_OTEL_ENDPOINT=collector.url)
    answer = pipeline.http.post(
        "/upload",
        files={"file": ("DOE^JANE.dcm", ct)},
        headers={"traceparent": f"00-{CLIENT}-00f067aa0ba902b7-01"},
    )
    study_id = answer.json()["study_id"]
    pipeline.wait_for(study_id, "archived")
    for name in ("gateway", "validator", "descriptor", "status"):
        assert pipeline.stop(name) == 0  # what waits is sent

    trace = [(service, span) for service, span in collector.spans if span.trace_id.hex() == CLIENT]
    names = {(service, span.name) for service, span in trace}
    assert names >= {
        ("hdv-gateway", "POST /upload"),
        ("hdv-gateway", "receive"),
        ("hdv-gateway", "store"),
        ("hdv-gateway", "announce"),
        ("hdv-gateway", "publish study.uploaded"),
        ("hdv-validator", "process study.uploaded"),
        ("hdv-validator", "examine"),
        ("hdv-validator", "decide"),
        ("hdv-validator", "publish study.validated"),
        ("hdv-descriptor", "process study.validated"),
        ("hdv-descriptor", "describe"),
        ("hdv-descriptor", "store"),
        ("hdv-descriptor", "publish study.archived"),
    }
    # Each service continues the span of the one before.
    spans = {(service, span.name): span for service, span in trace}
    upload = spans["hdv-gateway", "POST /upload"]
    validated = spans["hdv-validator", "process study.uploaded"]
    archived = spans["hdv-descriptor", "process study.validated"]
    assert validated.parent_span_id == upload.span_id
    assert archived.parent_span_id == validated.span_id
    assert spans["hdv-validator", "examine"].parent_span_id == validated.span_id

    text = "".join(str(span) for _, span in collector.spans)
    assert "DOE" not in text
    assert all("1.2." not in span.name and study_id not in span.name for _, span in trace)


def test_health_checks_make_no_spans(pipeline: Pipeline, collector: Collector) -> None:
    pipeline.start("status", HDV_OTEL_ENDPOINT=collector.url)
    assert pipeline.stop("status") == 0
    assert collector.spans == []
