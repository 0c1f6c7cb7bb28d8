"""What the automations do on a real server: a run whose machine is gone ends, and a night nobody takes is told."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.flows.prefect_server import ask, vitrine
from tests.flows.processes import ROOT, children_of, started, wait_until
from tests.flows.tarpit import tarpit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FIVE_MINUTES, SOONER = "within: 300", "within: 45"  # seconds; a run sends a heartbeat every 30


def state_of(env: Mapping[str, str], run_id: str) -> dict[str, Any]:
    (run,) = ask(env, "flow_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
    return dict(run["state"])


def begun(env: Mapping[str, str], deployment: str) -> str:
    """Start a run of a deployment; its id."""
    (found,) = [each for each in ask(env, "deployments/filter") if each["name"] == deployment]
    return str(ask(env, f"deployments/{found['id']}/create_flow_run", {"parameters": {}})["id"])


def events(env: Mapping[str, str], name: str) -> list[dict[str, Any]]:
    found = ask(env, "events/filter", {"filter": {"event": {"name": [name]}}})
    return list(found["events"])


def power_cut(pid: int) -> None:
    """SIGKILL a process and everything below it, so that nobody can say how it ended."""
    for child in children_of(pid):
        power_cut(child)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_a_run_whose_machine_is_gone_is_called_crashed_and_a_night_nobody_takes_is_told(
    server: dict[str, str], tmp_path: Path
) -> None:
    shipped = (ROOT / "infra/automations.yaml").read_text()
    assert FIVE_MINUTES in shipped
    automations, listed = tmp_path / "automations.yaml", tmp_path / "shops.yaml"
    automations.write_text(shipped.replace(FIVE_MINUTES, SOONER))
    log = tmp_path / "worker.log"
    worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "vitrine", "--type", "process"]
    settings = {"VITRINE_LAKE": str(tmp_path / "lake")}
    with tarpit() as hangs, started(worker, server | settings, log) as process:
        listed.write_text(json.dumps({"shops": [{"name": "hangs", "url": hangs.url}]}))
        vitrine(server, "deploy", "--shops", str(listed), "--automations", str(automations))
        cut = begun(server, "weekly")
        of_cut = f"prefect.flow-run.{cut}"

        def beats() -> bool:
            heard = events(server, "prefect.flow-run.heartbeat")
            return any(each["resource"]["prefect.resource.id"] == of_cut for each in heard)

        wait_until(beats, 240, log.read_text)
        power_cut(process.pid)
        assert state_of(server, cut)["type"] == "RUNNING"
        late = begun(server, "nightly")

        wait_until(lambda: state_of(server, cut)["type"] == "CRASHED", 240, lambda: state_of(server, cut))
        assert "No heartbeat" in state_of(server, cut)["message"]

        def told() -> set[str]:
            fired = events(server, "prefect.automation.triggered")
            return {each["resource"]["prefect.resource.name"] for each in fired}

        wait_until(
            lambda: {"vitrine: zombie runs", "vitrine: late night"} <= told(),
            120,
            lambda: (told(), state_of(server, late)),
        )
        assert state_of(server, late)["name"] == "Late"
