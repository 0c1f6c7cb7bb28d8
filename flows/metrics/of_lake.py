"""A lake as Prometheus sees it: read from its manifests alone."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from flows.metrics import declared
from flows.metrics.declared import Metric
from infra.lake import Lake
from schemas.manifest import Manifest

_POINTERS = ("publish", "rollback")


class LakeCollector(Collector):
    """The metrics of a lake, for a registry of prometheus_client; every collection reads all manifests once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families, with a series for each label."""
        self._families: dict[str, GaugeMetricFamily] = {}
        newest: dict[tuple[str, str], Manifest] = {}
        verdicts: dict[str, int] = {}
        runs = 0
        for run in self._lake.runs():
            runs += 1
            newest["flow", run.flow] = run
            if run.kind == "crawl":
                newest["shop", str(run.result["shop"])] = run
            elif run.flow in _POINTERS and run.result.get("live") and run.result.get("published"):
                newest["live", ""] = run
            elif run.result.get("images_per_second"):
                newest[run.flow, str(run.result["method"])] = run
            if run.flow == "publish":
                verdict = str(run.result["verdict"])
                verdicts[verdict] = verdicts.get(verdict, 0) + 1
        self._add(declared.LAKE_RUNS, runs)
        for verdict, number in verdicts.items():
            self._add(declared.VERDICTS, number, verdict)
        for (what, name), run in newest.items():
            self._add_newest(what, name, run)
        return self._families.values()

    def _add_newest(self, what: str, name: str, run: Manifest) -> None:
        at, result = datetime.fromisoformat(run.committed_at).timestamp(), run.result
        match what:
            case "flow":
                self._add(declared.RUN_AT, at, name)
                self._add(declared.RUN_SECONDS, sum(run.seconds.values()), name)
            case "shop":
                self._add(declared.CRAWL_PRODUCTS, run.rows("products"), name)
                self._add(declared.CRAWL_PHOTOS_NEW, result.get("images_new", 0), name)
                self._add(declared.CRAWL_REQUESTS, result.get("requests", 0), name)
                self._add(declared.CRAWL_SECONDS, result.get("seconds", 0), name)
                self._add(declared.CRAWL_AT, at, name)
                for reason, rows in result.get("rejected", {}).items():
                    self._add(declared.CRAWL_REJECTS, rows, name, reason)
            case "embed":
                self._add(declared.EMBED_RATE, result["images_per_second"], name)
            case "train":
                self._add(declared.TRAIN_RATE, result["images_per_second"], name)
            case "live":
                collection = result["live"]["collection"]
                self._add(declared.INDEX_ENTITIES, result["live"]["entities"], collection)
                self._add(declared.INDEX_AT, at, collection)

    def _add(self, metric: Metric, value: float, *labels: str) -> None:
        new = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
        self._families.setdefault(metric.name, new).add_metric(labels, value)
