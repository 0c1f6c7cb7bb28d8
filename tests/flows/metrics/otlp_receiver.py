"""An HTTP server that takes spans as a collector does: POST /v1/traces, in protobuf."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.flows.metrics.listening import Quiet, listening


@dataclass(frozen=True)
class Received:
    """A span as it was sent."""

    service: str
    name: str
    trace: bytes
    span: bytes
    parent: bytes
    failed: bool
    attributes: dict[str, str]


@contextmanager
def receiver() -> Iterator[tuple[str, list[Received]]]:
    """Yield its address and what has come so far."""
    spans: list[Received] = []

    class Taking(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            assert self.path == "/v1/traces"
            body = self.body()
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with listening(Taking) as address:
        yield f"http://{address}", spans


def _spans(request: ExportTraceServiceRequest) -> Iterator[Received]:
    for group in request.resource_spans:
        told = {each.key: each.value.string_value for each in group.resource.attributes}
        for scope in group.scope_spans:
            for span in scope.spans:
                attributes = {each.key: each.value.string_value for each in span.attributes}
                yield Received(
                    told["service.name"], span.name, span.trace_id, span.span_id, span.parent_span_id,
                    span.status.code == span.status.STATUS_CODE_ERROR, attributes,
                )  # fmt: skip
