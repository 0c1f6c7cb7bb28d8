"""flows/health against what it looks at: a machine, a Prefect server, Milvus Lite; each fault comes with its cure."""

import fcntl
import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.health import milvus, own_machine, prefect_api
from flows.health.checkup import checkup, show
from flows.health.finding import Finding, clock, versions
from infra.lake import Lake
from infra.milvus.folder import take_turn
from infra.milvus.store import VectorStore
from infra.settings import load_settings
from tests.flows.command_line import vitrine
from tests.infra.object_store import ENVIRONMENT as STORE
from tests.infra.object_store import address, object_store


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose settings name a lake and nothing else."""
    for name in (
        "PREFECT_API_URL",
        "PREFECT_PROFILE",
        "RAY_ADDRESS",
        "VITRINE_MILVUS_URI",
        "VITRINE_PUSHGATEWAY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VITRINE_LAKE", str(tmp_path / "new" / "lake"))


def by_what(result: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {check["what"]: check for check in result["checks"]}


def test_a_laptop_without_a_deployment_has_no_fault_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checkup()

    assert found["cores"] >= 1 and found["disk_free_gib"] > 0 and found["libraries"]["scrapy"]
    assert set(found["ports"]) == {"milvus", "prefect", "ray"} and found["lake"]["reachable"]
    assert [check for check in found["checks"] if check["cure"]] == [] and found["faults"] == 0
    assert {"libraries", "lake", "GPUs", "Milvus", "disk of the lake"} <= by_what(found).keys()
    assert not (tmp_path / "new").exists()
    show(found)


def test_a_fault_is_named_with_its_cure_and_the_command_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = f"127.0.0.1:{nobody.getsockname()[1]}"
    monkeypatch.setenv("PREFECT_API_URL", f"http://{closed}/api")
    monkeypatch.setenv("RAY_ADDRESS", closed)
    monkeypatch.setenv("VITRINE_MILVUS_URI", f"http://{closed}")
    monkeypatch.setenv("VITRINE_PUSHGATEWAY", closed)
    monkeypatch.setenv("VITRINE_METRICS_FOLDER", str(tmp_path / "missing"))
    monkeypatch.setenv("VITRINE_GPUS", "3")
    monkeypatch.setenv("PATH", f"{_nvidia_smi(tmp_path, 'GPU 0')}:{os.environ['PATH']}")

    done = vitrine("doctor", "--lake", str(tmp_path / "lake"), "--json")

    found = json.loads(done.stdout)
    faults = {name: check["cure"] for name, check in by_what(found).items() if check["cure"]}
    assert done.returncode == 1 and found["faults"] == len(faults) == 6, done.stderr
    assert found["lake"]["uri"] == str(tmp_path / "lake")
    assert "PREFECT_API_URL" in faults["Prefect server"] and "RAY_ADDRESS" in faults["Ray"]
    assert "VITRINE_MILVUS_URI" in faults["Milvus"] and "VITRINE_PUSHGATEWAY" in faults["Pushgateway"]
    assert faults["metrics folder"].startswith("mkdir -p ") and "VITRINE_GPUS=0" in faults["GPUs"]
    assert by_what(found)["GPUs"]["found"] == "1: GPU 0; torch can use 0"
    assert all("\n" not in cure for cure in faults.values())


def _nvidia_smi(folder: Path, name: str) -> Path:
    """A folder with a program that names a GPU which torch does not see, as beside a driver of another version."""
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{name}'\n")
    program.chmod(0o755)
    return program.parent


def test_a_lake_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / "vitrine.json").write_text("{")

    found = by_what(checkup(str(lake)))["lake"]

    assert "vitrine.json cannot be read" in found["found"] and "VITRINE_LAKE" in found["cure"]


def test_a_lake_that_cannot_be_written_is_a_fault_and_one_that_can_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with object_store() as server:
        for name, value in STORE.items():
            monkeypatch.setenv(name, value)
        lake = Lake(address(server, "there/lake"))
        lake.filesystem.create_dir("there")

        well = by_what(checkup(lake.uri))["lake"]
        missing = by_what(checkup(address(server, "nowhere/lake").partition("&allow")[0]))["lake"]

        assert not well["cure"] and lake.names() == []
    assert "cannot be written" in missing["found"] and "bucket is there" in missing["cure"]

    (tmp_path / "lake").mkdir()
    well = by_what(checkup(str(tmp_path / "lake")))["lake"]
    assert not well["cure"] and not list((tmp_path / "lake").iterdir())
    if os.getuid():  # root may write anywhere
        tmp_path.chmod(0o500)
        assert "no permission" in by_what(checkup(str(tmp_path / "new")))["lake"]["found"]
        tmp_path.chmod(0o700)


def test_a_full_disk_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_machine, "LEAST_FREE_GIB", 2.0**40)

    found = by_what(checkup())

    for disk in ("disk of the lake", "disk of temporary files", "disk of decoded photos"):
        assert "GiB free" in found[disk]["cure"]


def test_an_index_is_told_by_its_kind_and_by_who_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "milvus.db"
    with VectorStore(str(folder)):
        pass
    settings = load_settings(lake=str(tmp_path), milvus_uri=str(folder))
    shared = load_settings(lake="s3://bucket/lake", milvus_uri=str(folder))

    [well] = milvus.findings(settings)
    [alone] = milvus.findings(shared)
    monkeypatch.setattr(take_turn, "__defaults__", (True, 0.1))
    with (folder / "LOCK").open() as lock:  # as a process that serves it
        fcntl.flock(lock, fcntl.LOCK_EX)
        [taken] = milvus.findings(settings)

    assert well.found.startswith("Lite 3.") and ", 0 collections" in well.found and not well.cure
    assert "for this one alone" in alone.found and "VITRINE_MILVUS_URI=http://host:19530" in alone.cure
    assert "end what holds it" in taken.cure


def test_versions_and_clocks_that_differ_are_faults() -> None:
    ours = {"prefect": "3.8.8", "ray": "2.60.0", "python": "3.11.7"}
    now = datetime.now(UTC)

    assert versions("x", {"ray": "2.60.0", "timm": "1", "python": ""}, ours) == Finding("x", "ray 2.60.0")
    other = versions("Ray node 10.0.0.7", {"ray": "2.59.0", "python": "3.11.7"}, ours)
    assert other.found == "ray 2.59.0, here 2.60.0" and "ray==2.60.0" in other.cure
    assert not clock("x", now + timedelta(seconds=9), now).cure
    late = clock("x", now - timedelta(seconds=90), now)
    assert late.found == "90 s behind this machine's" and "NTP" in late.cure


def test_a_prefect_server_is_well_once_it_has_our_deployments_and_a_live_worker(
    prefect_api: dict[str, str],
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate

    url, pool = prefect_api["PREFECT_API_URL"], "doctor-pool"
    with get_client(sync_client=True) as client:
        missing = {each.what: each for each in prefect_api_findings(url, pool)}
        client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
        idle = {each.what: each for each in prefect_api_findings(url, pool)}
        client.request(
            "POST", "/work_pools/{work_pool_name}/workers/heartbeat", path_params={"work_pool_name": pool},
            json={"name": "night", "heartbeat_interval_seconds": 30},
        )  # fmt: skip
        alive = {each.what: each for each in prefect_api_findings(url, pool)}
        client.update_work_pool(pool, WorkPoolUpdate(is_paused=True))
        paused = {each.what: each for each in prefect_api_findings(url, pool)}

    what = f"work pool {pool}"
    assert missing["Prefect server"].found.startswith("prefect 3.8.") and not missing["Prefect server"].cure
    assert not missing["clock of the Prefect server"].cure
    assert missing[what].cure == "vitrine deploy" and missing["deployments"].cure in ("", "vitrine deploy")
    assert idle[what].cure == f"prefect worker start --pool {pool}"
    assert alive[what].found.startswith("1 live: night; runs take VITRINE_*") and not alive[what].cure
    assert paused[what].cure == f"prefect work-pool resume {pool}"


def prefect_api_findings(url: str, pool: str) -> list[Finding]:
    return list(prefect_api.findings(url, [pool]))
