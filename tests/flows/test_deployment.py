"""infra/prefect.yaml: its entry points load, and `prefect deployment run` brings a nightly run to its end.

A real Prefect server, a real process worker and a real mall, all on loopback.
"""

import json
import subprocess
import sys
import urllib.request
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from tests.flows.prefect_server import prefect, vitrine
from tests.flows.processes import ROOT, started

DEPLOYMENTS = yaml.safe_load((ROOT / "infra/prefect.yaml").read_text())["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["name"])
def test_an_entry_point_is_a_module_of_ours_that_takes_the_parameters(deployment: dict) -> None:
    module, _, name = deployment["entrypoint"].rpartition(".")

    flow = getattr(import_module(module), name)

    assert flow.fn.__module__.startswith("flows.")
    assert set(deployment["parameters"]) <= set(flow.parameters.properties)


def check_schema(env: dict[str, str]) -> None:
    """The server shows every parameter of the nightly run described and bounded, and refuses a bad one by itself."""
    request = urllib.request.Request(
        f"{env['PREFECT_API_URL']}/deployments/filter", b"{}", {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        deployments = {each["name"]: each for each in json.load(answer)}
    schema = deployments["nightly"]["parameter_openapi_schema"]
    assert "required" not in schema or not schema["required"]
    assert "token" not in schema["properties"]
    assert all(each.get("description") for each in schema["properties"].values())
    assert schema["properties"]["workers"]["anyOf"][0]["minimum"] == 1
    command = ["deployment", "run", "crawl-and-index/nightly", "--param", "workers=0"]
    refused = subprocess.run(
        [sys.executable, "-m", "prefect", *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "workers" in refused.stdout + refused.stderr and "0 is less than the minimum" in " ".join(
        (refused.stdout + refused.stderr).split()
    )


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_deployed_nightly_run_crawls_learns_and_indexes(server: dict[str, str], tmp_path: Path) -> None:
    listed = tmp_path / "shops.yaml"
    listed.write_text("shops: [{name: unused, url: 'http://127.0.0.1:9/'}]")
    vitrine(server, "deploy", "--shops", str(listed))
    check_schema(server)
    settings = {
        "backbone": "resnet18", "weights": "random", "image_size": 32, "epochs": 1, "frozen_epochs": 0, "batch": 16,
    }  # fmt: skip
    lake = tmp_path / "lake"
    with (
        Mall(MallSpec(products=24, seed=5, size=(96, 120))) as mall,
        started(
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", "vitrine", "--limit", "1"],
            server,
            tmp_path / "worker.log",
        ),
    ):
        parameters = {
            "urls": list(mall.urls),
            "shops": None,
            "schedule": None,
            "lake": str(lake),
            "settings": settings,
            "rarest": 2,
        }
        said = prefect(
            server,
            "deployment",
            "run",
            "crawl-and-index/nightly",
            "--params",
            json.dumps(parameters),
            "--watch",
        )

    assert "Completed" in said, (tmp_path / "worker.log").read_text()[-4000:]
    flows = [manifest.flow for manifest in Lake(str(lake)).runs()]
    assert flows.count("crawl") == 2
    assert {"label", "train", "embed", "index", "evaluate"} <= set(flows)
    artifacts = prefect(server, "artifact", "ls")
    assert "scores" in artifacts
