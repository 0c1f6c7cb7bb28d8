"""/metrics of the search page, read with Prometheus' own parser: searches timed by kind, failures, the index's size."""

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from flows.metrics.declared import METRICS
from flows.serve.app import application
from flows.serve.guard import Bounds
from flows.serve.window import Window


def told(site: TestClient) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(site.get("/metrics").text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_searches_are_timed_by_what_they_ask_with_and_failures_counted(
    site: TestClient, window: Window
) -> None:
    before = told(site)

    assert site.get("/api/search", params={"words": "red"}).status_code == 200
    assert site.get("/", params={"words": "red dress"}).status_code == 200
    assert site.get("/api/search", params={"words": "paisley"}).status_code == 400

    after = told(site)
    timed, failed = ("vitrine_search_seconds_count", "words"), ("vitrine_search_failures_total", "InputError")
    assert after[timed] - before.get(timed, 0) == 2 and after[failed] - before.get(failed, 0) == 1
    assert after["vitrine_search_seconds_bucket", "words", "+Inf"] == after[timed]
    assert after["vitrine_index_entities", window.serving.now().collection] == 96
    series = {name for metric in METRICS for name in metric.series()}
    assert {name for name, *_ in after if not name.endswith("_created")} <= series


def test_the_page_of_metrics_wants_the_token_too(window: Window) -> None:
    guarded = application(window, Bounds(token="a token of some length", rate=1_000))
    site = TestClient(guarded, base_url="http://127.0.0.1:8080", follow_redirects=False)

    assert site.get("/metrics").status_code == 303
    known = site.get("/metrics", headers={"authorization": "Bearer a token of some length"})
    assert known.status_code == 200 and known.headers["content-type"].startswith("text/plain")
