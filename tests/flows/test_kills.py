"""SIGKILL in the middle of crawl, embed and index, then the same command again: the same tables.

Real processes, killed as a group at the moment their work is under way: when the run's first part or
its place in the lake can be seen. What the interrupted lake holds at the end is compared with what an
undisturbed lake holds.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from infra.milvus.store import VectorStore
from tests.flows.lake_commands import killed, vitrine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(1500),
    pytest.mark.usefixtures("prefect_api"),
]
SMALL = [
    "--set",
    "backbone=resnet18",
    "--set",
    "weights=random",
    "--set",
    "image_size=48",
    "--set",
    "epochs=0",
]
SMALL += ["--set", "frozen_epochs=1", "--set", "batch=16"]


@pytest.fixture(scope="module")
def mall() -> Iterator[str]:
    with Mall(MallSpec(products=60, seed=9, shops=("shopify",), size=(160, 200))) as running:
        yield f"atelier={running.urls[0]}"


def seen(lake: Path, pattern: str) -> Callable[[], bool]:
    """True once a path of this pattern is in the lake that was not there when asked first."""
    before = set(lake.glob(pattern))
    return lambda: bool(set(lake.glob(pattern)) - before)


def products(lake: Path) -> list[tuple[Any, ...]]:
    place = Lake(str(lake))
    rows = place.table(place.newest("crawl"), "products").to_pylist()
    facts = ("product_id", "title", "price", "content_hash", "image_ids", "image_views")
    return sorted(tuple(str(row[name]) for name in facts) for row in rows)


def images(lake: Path) -> list[tuple[str, int]]:
    place = Lake(str(lake))
    rows = [row for crawl in place.runs("crawl") for row in place.table(crawl, "images").to_pylist()]
    return sorted((row["image_id"], row["phash"]) for row in rows)


def vectors(lake: Path, fingerprint: str) -> list[str]:
    place = Lake(str(lake))
    return sorted(
        image_id
        for run in place.runs("run")
        if run.flow == "embed" and run.result["fingerprint"] == fingerprint
        for image_id in place.table(run, "vectors", ["image_id"])["image_id"].to_pylist()
    )


def test_killed_crawl_embed_and_index_end_in_the_same_tables(mall: str, tmp_path: Path) -> None:
    calm, struck = tmp_path / "calm" / "lake", tmp_path / "struck" / "lake"
    struck.parent.mkdir()
    calm.parent.mkdir()

    vitrine(calm, "crawl", mall)
    killed(struck, seen(struck, "crawl=*/images/*.parquet*"), "crawl", mall, "--limit", "60")
    again = vitrine(struck, "crawl", mall, "--limit", "60")

    assert again["products"] == 60
    assert products(struck) == products(calm)
    assert images(struck) == images(calm)

    vitrine(struck, "label")
    vitrine(struck, "train", "corbiere", *SMALL)
    killed(struck, seen(struck, "run=*/vectors/*.parquet"), "embed", "--part-rows", "64")
    half = {path.name for path in struck.glob("run=*/vectors/*.parquet")}
    embedded = vitrine(struck, "embed")
    everything = vectors(struck, embedded["fingerprint"])
    assert half
    assert len(everything) == len(set(everything))  # nothing twice
    assert set(everything) == {image_id for image_id, _ in images(struck)}  # nothing lost

    nothing = vitrine(struck, "embed")
    assert (nothing["embedded"], nothing["reused"]) == (0, len(everything))

    killed(struck, seen(struck, "milvus.db/collections/*"), "index")
    indexed = vitrine(struck, "index")
    with VectorStore(str(struck / "milvus.db")) as store:
        ids = store.ids(indexed["collection"])
    assert len(ids) == indexed["entities"]
    assert {entity.split("/")[1] for entity in ids} == {row[0] for row in products(struck)}
