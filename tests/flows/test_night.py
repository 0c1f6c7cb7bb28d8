"""A night on a real Prefect server with a process worker: three shops, one dead, one that hangs, one good.

It ends by itself; state, message, artifact, events, task runs and log lines, read through the API, say what happened;
and the same run, retried, asks the good shop nothing and trains nothing.
"""

import json
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from tests.flows.prefect_server import ask, vitrine
from tests.flows.processes import children_of, free_port, is_running, started, wait_until
from tests.flows.tarpit import tarpit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
NIGHT_S = 600
SMALL = {
    "backbone": "resnet18", "weights": "random", "image_size": 32, "epochs": 1, "frozen_epochs": 0, "batch": 16,
}  # fmt: skip


def started_run(env: Mapping[str, str], deployment: str, **parameters: Any) -> str:
    """Start a run of a deployment; its id."""
    (found,) = [each for each in ask(env, "deployments/filter") if each["name"] == deployment]
    run = ask(env, f"deployments/{found['id']}/create_flow_run", {"parameters": parameters})
    return str(run["id"])


def ended(env: Mapping[str, str], run_id: str, log: Path) -> dict[str, Any]:
    """Wait for a run's end; its state."""
    deadline = time.monotonic() + NIGHT_S
    while True:
        (run,) = ask(env, "flow_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
        if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            return dict(run["state"])
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        time.sleep(1)


def again(env: Mapping[str, str], run_id: str) -> None:
    """Retry a run, as the button of the UI does."""
    state = {"type": "SCHEDULED", "name": "AwaitingRetry"}
    assert ask(env, f"flow_runs/{run_id}/set_state", {"state": state, "force": True})["status"] == "ACCEPT"


def requests_of(shop: str) -> int:
    with urllib.request.urlopen(f"{shop}/_mall/stats", timeout=30) as answer:
        return int(json.load(answer)["requests"])


def check_what_is_told(env: Mapping[str, str], run_id: str, dead: str) -> None:
    """The shops that failed are told in every place where somebody may look."""
    of_run = {"flow_runs": {"id": {"any_": [run_id]}}}
    tasks = {each["name"]: each["state_type"] for each in ask(env, "task_runs/filter", of_run)}
    crawls = {name: state for name, state in tasks.items() if name.startswith("crawl ")}
    assert crawls == {"crawl good": "COMPLETED", "crawl dead": "FAILED", "crawl hangs": "FAILED"}

    (artifact,) = ask(env, "artifacts/latest/filter", {"artifacts": {"key": {"any_": ["shops"]}}})
    rows = {row["shop"]: row for row in json.loads(artifact["data"])}
    assert {shop: row["state"] for shop, row in rows.items()} == {
        "good": "crawled", "dead": "failed", "hangs": "failed",
    }  # fmt: skip
    assert dead in rows["dead"]["why"] and "no progress" in rows["hangs"]["why"]
    assert rows["good"]["products"] and "dead" in artifact["description"]

    def events() -> dict[str, Any]:
        found = ask(env, "events/filter", {"filter": {"event": {"name": ["vitrine.shop.failed"]}}})["events"]
        of_this = [each for each in found if f"prefect.flow-run.{run_id}" in json.dumps(each["related"])]
        return {each["resource"]["prefect.resource.name"]: each["payload"] for each in of_this}

    wait_until(lambda: len(events()) == 2)
    assert events()["hangs"]["error"] == "StalledError" and events()["dead"]["transient"] is True

    lines = [
        each["message"] for each in ask(env, "logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
    ]
    assert any(line.startswith("good: products: ") for line in lines), lines
    assert any("dead" in line or dead in line for line in lines)


def test_a_night_ends_by_itself_tells_what_failed_and_goes_on_where_it_stopped(
    server: dict[str, str], tmp_path: Path
) -> None:
    lake, log = tmp_path / "lake", tmp_path / "worker.log"
    dead = f"http://127.0.0.1:{free_port()}/"
    settings = {
        "VITRINE_LAKE": str(lake), "VITRINE_CRAWL_STALL_MINUTES": "0.25", "VITRINE_RETRY_DELAYS": "0.5",
        "VITRINE_GPUS": "0",
    }  # fmt: skip
    worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "vitrine", "--type", "process"]
    with (
        Mall(MallSpec(products=24, seed=5, size=(96, 120), shops=("structured",))) as mall,
        tarpit() as hangs,
        started(worker, server | settings, log) as process,
    ):
        (good,) = mall.urls
        shops = {"good": good, "dead": dead, "hangs": hangs.url}
        listed = tmp_path / "shops.yaml"
        listed.write_text(json.dumps({"shops": [{"name": name, "url": url} for name, url in shops.items()]}))
        vitrine(server, "deploy", "--shops", str(listed))

        night = started_run(server, "nightly", settings=SMALL, rarest=2, failed_share=0.7)
        state = ended(server, night, log)
        assert (state["type"], state["name"]) == ("COMPLETED", "Completed"), log.read_text()[-4000:]
        assert (
            "2 of 3 shops" in state["message"] and "dead" in state["message"] and "hangs" in state["message"]
        )
        check_what_is_told(server, night, dead)

        asked, runs = requests_of(good), [run.run_id for run in Lake(str(lake)).runs()]
        again(server, night)
        assert ended(server, night, log)["type"] == "COMPLETED"
        assert requests_of(good) == asked
        flows = [run.flow for run in Lake(str(lake)).runs() if run.run_id not in runs]
        assert not {"crawl", "label", "train"} & set(flows), flows

        week = started_run(server, "weekly")  # the next run starts, and two of three are too many by default
        state = ended(server, week, log)
        assert state["type"] == "FAILED" and "dead" in state["message"] and "hangs" in state["message"]
        assert requests_of(good) > asked
        crawled = requests_of(good)
        again(server, week)
        assert ended(server, week, log)["type"] == "FAILED"
        assert requests_of(good) == crawled
        wait_until(lambda: not [child for child in children_of(process.pid) if is_running(child)])
