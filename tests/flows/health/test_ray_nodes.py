"""flows/health/ray_nodes.py on a real cluster: every node is asked, and a lake that they cannot read is named."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from tests.flows.lake_commands import command, environment
from tests.flows.processes import ROOT
from tests.infra.raylets import raylets

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}


def test_every_node_is_compared_and_what_it_does_not_see_is_a_fault(tmp_path: Path) -> None:
    with raylets(1, KEYS) as cluster, socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = f"127.0.0.1:{nobody.getsockname()[1]}"
        nobody.close()
        lake = f"s3://bucket/lake?endpoint_override={closed}&scheme=http&region=us-east-1"
        env = environment(tmp_path / "lake", **cluster.environment, VITRINE_MILVUS_URI=f"http://{closed}")
        words = command(Path("lake"), "doctor")
        words[words.index("lake")] = lake

        done = subprocess.run(
            words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
        )

    found = {check["what"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert found["Ray"]["found"] == f"1 cores, 0 GPUs, at {cluster.address}" and not found["Ray"]["cure"]
    node = found["Ray node 127.0.1.1"]
    assert "python 3." in node["found"] and "ray 2." in node["found"] and not node["cure"]
    assert "credentials" in found["lake seen from Ray node 127.0.1.1"]["cure"]
    assert not [what for what in found if what.startswith("clock of Ray node")]
