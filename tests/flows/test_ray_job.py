"""infra/kubernetes/rayjob.yaml as KubeRay submits it: to the head of a cluster, which starts the command itself."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.fs as pafs
import pytest

from infra.lake import Lake
from infra.machine import ROOT
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from infra.milvus.store import VectorStore
from schemas.manifest import Manifest
from tests.flows.lake_commands import vitrine
from tests.flows.processes import free_port, wait_until
from tests.flows.ray_packages import RAY_PACKAGES
from tests.infra.deployment import RESOURCES
from tests.infra.object_store import ENVIRONMENT as STORE
from tests.infra.object_store import address, object_store
from tests.infra.raylets import Raylets, raylets

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(3000),
    pytest.mark.usefixtures("prefect_api"),
]
[JOB] = [each["spec"] for each in RESOURCES if each["kind"] == "RayJob"]
SMALL = " --method corbiere --gpus 0" + "".join(
    f" --set {value}"
    for value in (
        "backbone=resnet18", "weights=random", "image_size=32", "frozen_epochs=0", "epochs=1", "batch=32",
    )
)  # fmt: skip
ENDED = ("SUCCEEDED", "FAILED", "STOPPED")


@dataclass
class Jobs:
    """A cluster that takes jobs, and the lake that they work on."""

    cluster: Raylets
    port: int
    lake: Lake
    milvus: str

    @property
    def environment(self) -> dict[str, str]:
        """Of who submits."""
        found = os.pathsep.join([str(ROOT), str(RAY_PACKAGES)])
        return os.environ | dict(self.cluster.environment) | {"PYTHONPATH": found}

    def submitter(self, name: str, entrypoint: str) -> "subprocess.Popen[bytes]":
        """Submit a job and follow what it says, as the pod of a RayJob does."""
        ray = [sys.executable, "-m", "ray.scripts.scripts", "job", "submit"]
        place = ["--address", f"http://127.0.0.1:{self.port}", "--submission-id", name]
        return subprocess.Popen(
            [*ray, *place, "--", *shlex.split(entrypoint)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def told(self, name: str, what: str = "") -> dict[str, Any]:
        """What the head knows of a job; nothing before it was submitted."""
        token = {"Authorization": f"Bearer {self.cluster.environment['RAY_AUTH_TOKEN']}"}
        answer = httpx.get(f"http://127.0.0.1:{self.port}/api/jobs/{name}{what}", headers=token, timeout=60)
        if answer.status_code == 404:
            return {}
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def end(self, name: str) -> str:
        """Wait for a job's end; its status."""
        wait_until(lambda: self.told(name).get("status") in ENDED, 1500, lambda: self.logs(name), every_s=0.5)
        return str(self.told(name)["status"])

    def logs(self, name: str) -> str:
        return str(self.told(name, "/logs").get("logs", ""))[-4000:]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    home = tmp_path_factory.mktemp("jobs")
    folder, port = home / "lake", free_port()
    with Mall(MallSpec(products=120, seed=9, shops=("shopify",), size=(96, 120))) as running:
        vitrine(folder, "crawl", f"atelier={running.urls[0]}")
    before = dict(os.environ)
    os.environ |= STORE
    try:
        with object_store() as server:
            lake = Lake(address(server, "jobs/lake"))
            lake.filesystem.create_dir("jobs")
            pafs.copy_files(str(folder), lake.root, pafs.LocalFileSystem(), lake.filesystem)
            inside = {
                "VITRINE_LAKE": lake.uri,
                "VITRINE_MILVUS_URI": str(home / "milvus.db"),
                "XDG_STATE_HOME": str(home / "state"),
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(RAY_PACKAGES)]),
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            }
            with raylets(2, {**STORE, **inside}, port) as cluster:
                yield Jobs(cluster, port, lake, inside["VITRINE_MILVUS_URI"])
    finally:
        os.environ.clear()
        os.environ.update(before)


def held(milvus: str, collection: str) -> list[tuple[str, int]]:
    """Key and digest, of every fact and the vector, of each entity of a collection."""
    with VectorStore(milvus, create=False) as store:
        there = store.digests(collection)
    return list(zip(there.hex_keys(), there.digests.tolist(), strict=True))


def runs(lake: Lake, flow: str) -> list[Manifest]:
    """The committed runs of a flow, oldest first."""
    return [run for run in lake.runs("run") if run.flow == flow]


def test_submitted_twice_it_ends_in_the_same_tables(jobs: Jobs) -> None:
    entrypoint = JOB["entrypoint"].replace("vitrine retrain", f"vitrine retrain{SMALL}")
    assert entrypoint != JOB["entrypoint"]
    for name in ("first", "second"):
        with jobs.submitter(name, entrypoint) as submitter:
            assert submitter.wait(1500) == 0, jobs.logs(name)
        assert jobs.end(name) == "SUCCEEDED", jobs.logs(name)

    published = [run.result for run in runs(jobs.lake, "publish")]
    one, other = indexed = [jobs.lake.run(each["live"]["index"]) for each in published]
    assert one.run_id != other.run_id and all(each["published"] for each in published)
    for first, second in (
        [jobs.lake.run(run.result["train"]).result["checkpoint"] for run in indexed],
        [jobs.lake.table(jobs.lake.run(run.result["labels"]), "labels").to_pylist() for run in indexed],
        [run.result["fingerprint"] for run in indexed],
        [jobs.lake.table(run, "word_likelihoods").to_pylist() for run in indexed],
        [held(jobs.milvus, run.result["collection"]) for run in indexed],
    ):
        assert first and first == second


def test_its_status_is_its_own_and_not_that_of_who_submitted_it(jobs: Jobs) -> None:
    """The submitter is killed, and the job goes on; a command that fails is a job that failed."""
    submitter = jobs.submitter("left", "vitrine runs --json")
    wait_until(lambda: jobs.told("left") != {}, 300)
    submitter.kill()
    submitter.wait(30)

    assert jobs.end("left") == "SUCCEEDED" and '"unfinished"' in jobs.logs("left")

    with jobs.submitter(
        "wrong", "sh -c 'vitrine train --labels 20200101T000000Z-0000 || test $? = 3'"
    ) as submitter:
        submitter.wait(600)
    assert jobs.end("wrong") == "FAILED" and "20200101T000000Z-0000" in jobs.logs("wrong")
