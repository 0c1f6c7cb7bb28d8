"""A Prefect server on a real PostgreSQL: what is deployed and run there stays there, whoever serves it."""

import sys
from pathlib import Path

import pytest

from infra.lake import Lake
from tests.flows.postgres import PROGRAMS, postgres, rows
from tests.flows.prefect_server import ask, prefect, serving, vitrine
from tests.flows.processes import started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not (PROGRAMS / "initdb").exists(), reason="no PostgreSQL on this machine"),
]


def test_deploy_and_a_flow_run_on_postgres_outlive_the_server(tmp_path: Path) -> None:
    shops = tmp_path / "shops.yaml"
    shops.write_text("shops: [{name: unused, url: 'http://127.0.0.1:9/'}]")
    lake = Lake(str(tmp_path / "lake"))
    old, new = (lake.commit(lake.begin("crawl", "crawl", "k"), {"shop": "s"}).run_id for _ in range(2))
    worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "vitrine", "--limit", "1"]
    with postgres() as address:
        told = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{address}"}
        with serving(tmp_path, **told) as server:
            made = vitrine(server, "deploy", "--shops", str(shops))
            with started(worker, server, tmp_path / "worker.log"):
                words = ["sweep/old-runs", "--param", f"lake={lake.uri}", "--param", "keep=0h", "--watch"]
                said = prefect(server, "deployment", "run", *words)
        with serving(tmp_path, **told) as server:
            there = sorted(each["name"] for each in ask(server, "deployments/filter"))
            [run] = ask(server, "flow_runs/filter", {"deployments": {"name": {"any_": ["old-runs"]}}})

        states = rows(
            address,
            "select state_type from flow_run where deployment_id is not null and start_time is not null",
        )

    assert "Completed" in said, (tmp_path / "worker.log").read_text()[-3000:]
    assert [each.run_id for each in lake.runs()] == [new] != [old]
    assert sorted(name.partition("/")[2] for name in made["deployments"]["made"]) == there
    assert "old-runs" in there and run["state_type"] == "COMPLETED" and states == ["COMPLETED"]
    assert not list(tmp_path.rglob("prefect.db"))  # nothing was kept in a file beside it
