"""What the search page tells Prometheus at /metrics: how long searches take, which fail, how large its index is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from flows.metrics import declared
from flows.serve.indexes.served_index import Serving


class PageMetrics:
    """The metrics of one page; of this process alone, as it is one."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._registry = CollectorRegistry()
        seconds, failures, entities = (
            declared.SEARCH_SECONDS,
            declared.SEARCH_FAILURES,
            declared.INDEX_ENTITIES,
        )
        self._seconds = Histogram(
            seconds.name, seconds.help, seconds.labels, registry=self._registry, buckets=declared.SECONDS
        )
        self._failures = Counter(failures.name, failures.help, failures.labels, registry=self._registry)
        self._entities = Gauge(entities.name, entities.help, entities.labels, registry=self._registry)

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Time one search asked with `photos` or `words`; one that fails is counted, not timed."""
        begun = time.perf_counter()
        try:
            yield
        except Exception as error:
            self._failures.labels(type(error).__name__).inc()
            raise
        self._seconds.labels(kind).observe(time.perf_counter() - begun)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        served = self._serving.now()
        self._entities.clear()
        self._entities.labels(served.collection).set(served.indexed.result["entities"])
        return generate_latest(self._registry)


def routes(metrics: PageMetrics) -> APIRouter:
    """The page /metrics."""
    router = APIRouter()

    @router.get("/metrics")
    def told() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router
