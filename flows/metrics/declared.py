"""Every metric of vitrine, in one place: what is emitted, shown on the dashboard and written about is one of these."""

from typing import NamedTuple

SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # upper bounds of the latency histogram


class Metric(NamedTuple):
    """One metric: its name, what it says in which unit, and the labels of its series."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: str = "gauge"

    def series(self) -> set[str]:
        """The names under which Prometheus stores it."""
        suffixes = {"gauge": ("",), "counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        return {self.name + suffix for suffix in suffixes[self.kind]}


_NEWEST = "of the shop's newest crawl"
CRAWL_PRODUCTS = Metric("vitrine_crawl_products", f"products {_NEWEST}", ("shop",))
CRAWL_PHOTOS_NEW = Metric("vitrine_crawl_photos_new", f"photos first seen, {_NEWEST}", ("shop",))
CRAWL_REQUESTS = Metric("vitrine_crawl_requests", f"requests {_NEWEST}", ("shop",))
CRAWL_SECONDS = Metric("vitrine_crawl_seconds", f"wall time {_NEWEST}", ("shop",))
CRAWL_REJECTS = Metric("vitrine_crawl_rejects", f"rows refused, {_NEWEST}, by reason", ("shop", "reason"))
CRAWL_AT = Metric("vitrine_crawl_timestamp_seconds", f"when it was committed, {_NEWEST}", ("shop",))
RUN_AT = Metric("vitrine_run_timestamp_seconds", "when the flow's newest run was committed", ("flow",))
RUN_SECONDS = Metric("vitrine_run_seconds", "wall time of the flow's newest run", ("flow",))
EMBED_RATE = Metric(
    "vitrine_embed_photos_per_second", "of the method's newest embed run that embedded", ("method",)
)
TRAIN_RATE = Metric(
    "vitrine_train_photos_per_second", "of the method's newest train run that learnt", ("method",)
)
VERDICTS = Metric("vitrine_gate_verdicts", "publish runs in the lake by their verdict", ("verdict",))
INDEX_ENTITIES = Metric("vitrine_index_entities", "entities of the index that is live", ("collection",))
INDEX_AT = Metric(
    "vitrine_index_live_timestamp_seconds", "when what is live went live or back", ("collection",)
)
LAKE_RUNS = Metric("vitrine_lake_runs", "committed runs in the lake")
FLOW_FAILED = Metric(
    "vitrine_flow_failed", "1 where the flow's last run on this machine ended in an error", ("flow",)
)
FLOW_ENDED_AT = Metric("vitrine_flow_ended_timestamp_seconds", "when that run ended", ("flow",))
FLOW_SECONDS = Metric("vitrine_flow_seconds", "wall time of that run", ("flow",))
SEARCH_SECONDS = Metric(
    "vitrine_search_seconds", "time to answer a search, by what was asked with", ("kind",), "histogram"
)
SEARCH_FAILURES = Metric(
    "vitrine_search_failures",
    "searches that were refused or failed, by the error's class",
    ("error",),
    "counter",
)

METRICS = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
