"""Spans as a collector gets them: of a command, of one that fails, of searches; and that none are sent unasked."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from flows.metrics import traces
from infra.lake import Lake
from tests.flows.crawled_lake import catalogue, crawled
from tests.flows.lake_commands import command, environment, vitrine
from tests.flows.metrics.otlp_receiver import Received, receiver
from tests.flows.processes import ROOT, free_port, wait_until
from tests.flows.published_lake import publish_small
from tests.flows.serve.served_lake import ServedLake
from tests.flows.serve.serving_process import serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_api")]
LABEL = ("label", "--fields", "title")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    crawled(Lake(str(tmp_path / "lake")), "s", catalogue(20))
    return tmp_path / "lake"


def ours(spans: list[Received], name: str) -> Received:
    (found,) = [span for span in spans if span.name == name]
    return found


def test_a_command_s_run_stands_beneath_the_spans_of_its_flow(lake: Path) -> None:
    with receiver() as (url, spans):
        told = vitrine(lake, *LABEL, OTEL_EXPORTER_OTLP_ENDPOINT=url)

    run = ours(spans, "label")
    (flow,) = [span for span in spans if span.attributes.get("prefect.run.type") == "flow"]
    assert run.attributes["vitrine.run_id"] == told["run_id"] and run.attributes["vitrine.lake"] == str(lake)
    assert (run.parent, run.trace, run.service) == (flow.span, flow.trace, "vitrine")
    assert not run.failed and not flow.failed and flow.parent == b""


def test_what_fails_is_told_and_fails_as_it_would(lake: Path) -> None:
    with receiver() as (url, spans):
        env = environment(lake, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_SERVICE_NAME="nightly")
        words = command(lake, *LABEL, "--crawl", "20260101T000000Z-0000")
        done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert done.returncode != 0 and "20260101T000000Z-0000" in done.stderr and "Traceback" not in done.stderr
    run = ours(spans, "label")
    assert run.failed and run.service == "nightly"


def test_a_collector_that_is_away_fails_no_run(lake: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"

    env = environment(lake, OTEL_EXPORTER_OTLP_ENDPOINT=away, OTEL_EXPORTER_OTLP_TIMEOUT="1")
    done = subprocess.run(
        command(lake, *LABEL), cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )

    assert Lake(str(lake)).run(json.loads(done.stdout)["run_id"]).flow == "label"
    assert len([line for line in done.stderr.splitlines() if "opentelemetry" in line]) == 1, done.stderr


@pytest.mark.parametrize(
    "told", [{}, {traces.ASKED_BY[0]: "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}]
)
def test_nothing_is_recorded_unasked(told: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in traces.ASKED_BY:
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    assert not traces.begin()
    with traces.traced("nothing") as span:
        assert not span.is_recording()


def test_a_search_s_parts_stand_beneath_its_request(tmp_path: Path) -> None:
    small = ServedLake(tmp_path / "lake")
    publish_small(small)
    photo = small.photos[small.products[0][3][0]]
    with receiver() as (collector, spans):
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        with serving(tmp_path / "lake", tmp_path / "log", **told) as url:
            kept = httpx.post(f"{url}api/photos", files={"file": photo}, timeout=60).json()["photo"]
            found = httpx.get(f"{url}api/search", params={"photo": kept, "k": 3}, timeout=60).json()
            httpx.get(f"{url}metrics", timeout=60).raise_for_status()
            wait_until(lambda: any(span.name == "GET /api/search" for span in spans))

    request = ours(spans, "GET /api/search")
    inside = {span.name for span in spans if span.parent == request.span}
    assert len(found["cards"]) == 3
    assert inside == {"decode photo", "embed photo", "ask index"}
    assert not any("metrics" in span.name for span in spans), "asked every few seconds, and of no interest"
