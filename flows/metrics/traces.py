"""Where time goes, as OpenTelemetry spans: of flows and tasks by Prefect, of runs and searches by us.

Nothing is recorded unless the environment says where spans go, by the standard's names: OTEL_EXPORTER_OTLP_ENDPOINT
(or ..._TRACES_ENDPOINT), OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_SDK_DISABLED. They
are sent as OTLP over HTTP, in batches, by a thread; a receiver that is away fails nothing.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span

ASKED_BY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_log = logging.getLogger("vitrine.traces")
_tracer = trace.get_tracer("vitrine")


def begin() -> bool:
    """Record spans from here on, once in a process, where the environment says where they go; return whether.

    Who starts a command with `opentelemetry-instrument` has begun already. Prefect opens a flow's span before the
    flow's own code runs, so this is called where flows are declared.
    """
    if not any(map(os.environ.get, ASKED_BY)) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return True
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning(
            "traces are asked for, and what sends them is not installed: pip install vitrine[traces]"
        )
        return False
    # Of a receiver that is away one line in the end, not one of each try.
    logging.getLogger(OTLPSpanExporter.__module__).setLevel(logging.ERROR)
    service = {"service.name": os.environ.get("OTEL_SERVICE_NAME") or "vitrine"}
    provider = TracerProvider(resource=Resource.create(service))  # sends the rest when the process ends
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True


@contextmanager
def traced(name: str, **attributes: str) -> Iterator[Span]:
    """A span around what is done within, under the one that is open; an error is told in it and passes."""
    told = {f"vitrine.{key}": value for key, value in attributes.items()}
    with _tracer.start_as_current_span(name, attributes=told) as span:
        yield span
