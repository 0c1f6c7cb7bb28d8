"""What Prometheus is told: read back with its own parser, from files, a push and a page; and the dashboard of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from flows.learn.label import label
from flows.metrics.declared import METRICS
from flows.metrics.delivered import told_at_end
from infra.lake import Lake
from schemas.errors import LakeError
from tests.flows.crawled_lake import catalogue, crawled
from tests.flows.metrics.pushgateway import pushgateway
from tests.flows.processes import ROOT, free_port
from tests.flows.published_lake import publish_small
from tests.workers.report.small_lake import SHOPS, SmallLake

DASHBOARD = ROOT / "infra" / "grafana" / "vitrine.json"
OF_PAGE = {"vitrine_search_seconds", "vitrine_search_failures"}


def samples(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def values(text: str) -> dict[tuple[str, ...], float]:
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples(text)}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    made = SmallLake(tmp_path_factory.mktemp("metrics") / "lake")
    publish_small(made)
    yield made


def test_a_flow_run_ends_with_files_that_say_what_the_lake_holds(
    small: SmallLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_METRICS_FOLDER", str(tmp_path / "told"))
    with told_at_end("embed", small.lake.uri):
        pass
    with pytest.raises(LakeError), told_at_end("index", small.lake.uri):
        raise LakeError("x", "broke")

    told = values((tmp_path / "told" / "vitrine.prom").read_text())
    pointed = small.lake.newest("publish").result["live"]
    assert told["vitrine_crawl_products", SHOPS[0]] == 12
    assert told["vitrine_crawl_rejects", "too_small", SHOPS[0]] == 2
    assert told["vitrine_embed_photos_per_second", "histogram"] == 99.0
    assert told["vitrine_gate_verdicts", "first"] == 1
    assert told["vitrine_index_entities", pointed["collection"]] == pointed["entities"] == 96
    assert told["vitrine_lake_runs",] == len(list(small.lake.runs()))
    flows = [(tmp_path / "told" / f"vitrine-{flow}.prom").read_text() for flow in ("embed", "index")]
    failed = {
        labels: value for text in flows for labels, value in values(text).items() if "failed" in labels[0]
    }
    assert failed == {("vitrine_flow_failed", "embed"): 0, ("vitrine_flow_failed", "index"): 1}
    emitted = {sample.name for text in (*flows, (tmp_path / "told" / "vitrine.prom").read_text())
               for sample in samples(text)}  # fmt: skip
    assert emitted == {metric.name for metric in METRICS} - OF_PAGE


def test_the_same_is_pushed_and_a_gateway_that_is_away_fails_no_run(
    small: SmallLake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pushgateway() as (address, groups):
        monkeypatch.setenv("VITRINE_PUSHGATEWAY", address)
        with told_at_end("label", small.lake.uri):
            pass
    assert set(groups) == {"/metrics/job/vitrine", "/metrics/job/vitrine/flow/label"}
    assert values(groups["/metrics/job/vitrine/flow/label"])["vitrine_flow_failed", "label"] == 0
    assert values(groups["/metrics/job/vitrine"])["vitrine_crawl_products", SHOPS[1]] == 12

    monkeypatch.setenv("VITRINE_PUSHGATEWAY", f"127.0.0.1:{free_port()}")
    with caplog.at_level("WARNING"), told_at_end("label", small.lake.uri):
        pass
    assert "metrics of label could not be delivered" in caplog.text


def test_every_flow_tells(
    tmp_path: Path, prefect_api: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_METRICS_FOLDER", str(tmp_path / "told"))
    lake = Lake(str(tmp_path / "lake"))
    crawled(lake, "s", catalogue(20))

    url = prefect_api["PREFECT_API_URL"]
    with temporary_settings({PREFECT_API_URL: url, PREFECT_LOGGING_TO_API_ENABLED: False}):
        label(lake=lake.uri, fields=["title"])

    told = values((tmp_path / "told" / "vitrine.prom").read_text())
    assert told["vitrine_run_timestamp_seconds", "label"] > told["vitrine_run_timestamp_seconds", "crawl"] - 1
    assert values((tmp_path / "told" / "vitrine-label.prom").read_text())["vitrine_flow_failed", "label"] == 0


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    asked = {
        target["expr"]: target["legendFormat"] for panel in dashboard["panels"] for target in panel["targets"]
    }
    series = {name: metric for metric in METRICS for name in metric.series()}

    shown = {name for expr in asked for name in re.findall(r"\bvitrine_\w+", expr)}
    assert shown == set(series)
    for expr, legend in asked.items():
        labels = {label for name in re.findall(r"\bvitrine_\w+", expr) for label in series[name].labels}
        named = set(re.findall(r"{{(\w+)}}", legend)) | set(
            ",".join(re.findall(r"by \(([^)]*)\)", expr)).split(",")
        )
        assert {name.strip() for name in named} - {"", "le"} <= labels, expr
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"${source}"}
