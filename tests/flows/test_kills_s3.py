"""The chain of the demo on a lake in an object store, by commands, and SIGKILL in the midst of its stages there.

The same command again ends in the same tables as one that nothing disturbed: each kill is struck on what the calm
lake was before that stage.
"""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow.fs as pafs
import pytest

from flows.queries.search import word_layer
from infra.lake import Lake
from infra.mall.running import RunningMall, start
from infra.mall.trade import MallSpec
from infra.milvus.store import VectorStore
from tests.flows.lake_commands import StoredLake, killed, vitrine
from tests.infra.object_store import ENVIRONMENT, address, object_store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(5400),
    pytest.mark.usefixtures("prefect_api"),
]
PRODUCTS = 40
TRAIN = ["train", "corbiere"]
for value in (
    "backbone=resnet18", "weights=random", "image_size=48", "epochs=0", "frozen_epochs=1", "batch=16"
):  # fmt: skip
    TRAIN += ["--set", value]
CHAIN = ("crawl", "label", "train", "embed", "index", "evaluate", "publish")


@pytest.fixture(scope="module")
def mall() -> Iterator[RunningMall]:
    with start(MallSpec(products=PRODUCTS, seed=9, shops=("shopify",), size=(160, 200))) as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], StoredLake]]:
    """Makes an empty lake of a name, in a store of the module's own."""
    before = dict(os.environ)
    os.environ |= ENVIRONMENT
    homes = tmp_path_factory.mktemp("stored")
    with object_store() as server:
        Lake(address(server, "kills/bucket")).filesystem.create_dir("kills")

        def lake(name: str) -> StoredLake:
            (homes / name).mkdir()
            return StoredLake(address(server, f"kills/{name}/lake"), homes / name)

        yield lake
    os.environ.clear()
    os.environ.update(before)


def names(lake: StoredLake, below: str) -> set[str]:
    """Names of what lies in a folder of the runs that are not committed."""
    place = Lake(lake.uri)
    return {name for run in place.seen().others for name in place.names(f"{run}/{below}")}


def rows(lake: StoredLake, flow: str, table: str, *columns: str) -> list[str]:
    """Rows of a table of all runs of a flow, sorted."""
    place = Lake(lake.uri)
    found = [row for run in place.runs(None, flow) for row in place.table(run, table, columns).to_pylist()]
    return sorted(json.dumps(row, default=str) for row in found)


def crawled(lake: StoredLake) -> list[list[str]]:
    facts = ("product_id", "title", "price", "content_hash", "image_ids", "image_views")
    return [rows(lake, "crawl", "products", *facts), rows(lake, "crawl", "images", "image_id", "phash")]


def indexed(lake: StoredLake) -> list[Any]:
    run = Lake(lake.uri).newest("index")
    with VectorStore(str(lake.milvus), create=False) as store:
        held = store.digests(run.result["collection"])
    return [rows(lake, "index", "digests", "key", "digest"), sorted(held.hex_keys()), sorted(held.digests)]


@pytest.fixture(scope="module")
def calm(mall: RunningMall, made: Callable[[str], StoredLake]) -> StoredLake:
    """A lake that a crawl without a kill filled."""
    lake = made("calm")
    vitrine(lake, "crawl", f"atelier={mall.urls[0]}")
    return lake


def test_a_killed_crawl_into_an_object_store_ends_in_the_same_catalogue(
    mall: RunningMall, made: Callable[[str], StoredLake], calm: StoredLake
) -> None:
    struck, shop = made("struck"), f"atelier={mall.urls[0]}"
    asked = sum(mall.stats(0)["kinds"].values())

    killed(struck, lambda: sum(mall.stats(0)["kinds"].values()) >= 1.5 * asked, "crawl", shop)
    again = vitrine(struck, "crawl", shop)

    assert again["products"] == PRODUCTS and crawled(struck) == crawled(calm)
    assert Lake(struck.uri).seen().others == []


def test_the_chain_runs_in_an_object_store_and_its_killed_embedding_and_index_end_in_the_same_tables(
    made: Callable[[str], StoredLake], calm: StoredLake
) -> None:
    copied = made("copied")
    vitrine(calm, "label", "--rarest", "3")
    vitrine(calm, *TRAIN)
    ours, theirs = Lake(calm.uri), Lake(copied.uri)
    pafs.copy_files(ours.root, theirs.root, ours.filesystem, theirs.filesystem)
    vitrine(calm, "embed", "--part-rows", "16")

    killed(copied, lambda: len(names(copied, "vectors")) >= 2, "embed", "--part-rows", "16")
    parts = names(copied, "vectors")
    embedded = vitrine(copied, "embed", "--part-rows", "16")

    assert len(parts) >= 2 and ", 0 rejected, 0 lost" in embedded["receipt"]
    columns = ("image_id", "vector")
    assert rows(copied, "embed", "vectors", *columns) == rows(calm, "embed", "vectors", *columns)

    vitrine(calm, "index")
    killed(copied, lambda: any(copied.milvus.glob("collections/*")), "index")
    vitrine(copied, "index")

    assert indexed(copied) == indexed(calm)

    scores = vitrine(calm, "evaluate", "--no-baselines", "--no-probe")
    published = vitrine(calm, "publish")
    word = next(iter(word_layer(ours, ours.newest("train")).ids))
    hits = vitrine(calm, "search", "--words", word, "-k", "5")["hits"]

    assert scores["run_id"] and published["published"]
    assert tuple(dict.fromkeys(run.flow for run in ours.runs())) == CHAIN  # an evaluation embeds, too
    assert len(hits) == 5 and {hit["shop"] for hit in hits} == {"atelier"}
