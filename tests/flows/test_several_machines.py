"""Several Ray nodes and a lake over the S3 protocol: as on one machine, also where a node goes meanwhile."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.fs as pafs
import pytest

from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from schemas.manifest import Manifest
from tests.flows.lake_commands import command, environment, vitrine
from tests.flows.processes import started
from tests.infra.object_store import ENVIRONMENT as STORE
from tests.infra.object_store import address, object_store
from tests.infra.raylets import Raylets, raylets

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(3000),
    pytest.mark.usefixtures("prefect_api"),
]
# A checkpoint after every step, so that there is one to go on from wherever the node goes.
TRAIN = ["train", "corbiere", "--gpus", "0", "--workers", "2", "--checkpoint-minutes", "0"]
for value in (
    "backbone=resnet18", "weights=random", "image_size=48", "frozen_epochs=1", "epochs=2", "batch=32",
    "optimiser=adamw", "learning_rate=0.001", "ema=0.9", "negatives=40",
):  # fmt: skip
    TRAIN += ["--set", value]
EMBED = ["embed", "--gpus", "0", "--part-rows", "16"]


@dataclass
class Site:
    """One catalogue in two lakes: a folder, worked on by this machine alone, and an object store, by a cluster."""

    folder: Path
    lake: Lake
    cluster: Raylets
    home: Path

    def alone(self, *words: str) -> dict[str, Any]:
        """A command on this machine."""
        return vitrine(self.folder, *words, VITRINE_CPUS="2")

    def cut_off(self, *words: str, once: Callable[[], object], node: int, then: int = 0) -> dict[str, Any]:
        """A command on the cluster, of which a node goes as soon as something is there; `then` another joins."""
        there, log = Path(self.lake.uri.replace("://", ":/")), self.home / "log"
        told = environment(self.home / "lake", **self.cluster.environment)
        with started(
            [self.lake.uri if each == str(there) else each for each in command(there, *words)], told, log
        ) as process:
            end = time.monotonic() + 900
            while not once():
                assert process.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < end, "never under way"
                time.sleep(0.02)
            assert process.poll() is None
            self.cluster.kill(node)
            if then:
                self.cluster.add(then)
            assert process.wait(1200) == 0, log.read_text()[-3000:]
        return Lake(self.lake.uri).newest(words[0]).result

    def names(self, below: str) -> set[str]:
        """Names of what lies in a folder of each run that is not committed."""
        return {name for run in self.lake.seen().others for name in self.lake.names(f"{run}/{below}")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home, before = tmp_path_factory.mktemp("site"), dict(os.environ)
    os.environ |= STORE
    folder = tmp_path_factory.mktemp("alone") / "lake"
    with Mall(MallSpec(products=170, seed=9, shops=("shopify",), size=(96, 120))) as running:
        vitrine(folder, "crawl", f"atelier={running.urls[0]}")
    vitrine(folder, "label")
    try:
        with object_store() as server, raylets(2, STORE) as cluster:
            lake = Lake(address(server, "several/lake"))
            lake.filesystem.create_dir("several")
            pafs.copy_files(str(folder), lake.root, pafs.LocalFileSystem(), lake.filesystem)
            yield Site(folder, lake, cluster, home)
    finally:
        os.environ.clear()
        os.environ.update(before)


def vectors(lake: Lake, run: Manifest) -> dict[str, list[float]]:
    rows = lake.table(run, "vectors", ["image_id", "vector"]).to_pylist()
    found = {row["image_id"]: row["vector"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_node_that_goes_while_it_trains_is_replaced_and_the_checkpoint_is_the_same(site: Site) -> None:
    calm, seen = site.alone(*TRAIN), set[str]()

    def some_checkpoints() -> bool:
        seen.update(name for name in site.names("training") if name.startswith("checkpoint_"))
        return len(seen) >= 5

    trained = site.cut_off(*TRAIN, once=some_checkpoints, node=1, then=3)

    assert trained["checkpoint"] == calm["checkpoint"] and trained["workers"] == 2
    assert 0 < trained["resumed_at"] < calm["images"] == trained["images"]


def test_a_node_that_goes_while_it_embeds_costs_no_photo_and_the_table_is_the_same(site: Site) -> None:
    calm = site.alone(*EMBED)
    assert site.cluster.runs(2, "raylet") and site.cluster.runs(3, "raylet")

    def on_both() -> bool:
        landed = [name for name in site.names("vectors") if name.startswith("part-")]
        return len(landed) >= 3 and all(site.cluster.runs(node, "ray::Embed") for node in (2, 3))

    embedded = site.cut_off(*EMBED, once=on_both, node=2)

    assert (embedded["fingerprint"], embedded["receipt"]) == (calm["fingerprint"], calm["receipt"])
    assert ", 0 rejected, 0 lost" in embedded["receipt"]
    ours, theirs = Lake(str(site.folder)), Lake(site.lake.uri)
    assert vectors(theirs, theirs.newest("embed")) == vectors(ours, ours.newest("embed"))
