"""What a stage leaves, as values that are equal where the tables are: without times, run ids and the order of rows."""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

from flows.queries.live import live
from flows.retrieval.embed_ledger import embed_runs
from infra.lake import Lake
from infra.milvus.store import VectorStore

ALIAS = "live"
Tables = dict[str, list[Any]]
_PRODUCT = ("product_id", "title", "price", "content_hash", "image_ids", "image_views")


def tables(stage: str, folder: Path) -> Tables:
    """Rows of each table that a stage of flows/drill/moments.py has left in a lake, sorted."""
    return {name: sorted(rows, key=repr) for name, rows in _READ[stage](Lake(str(folder))).items()}


def difference(found: Tables, wanted: Tables) -> str:
    """Say how tables differ; empty where they do not."""
    said = []
    for name, rows in wanted.items():
        lost, surplus = _less(rows, found[name]), _less(found[name], rows)
        if lost or surplus:
            said.append(f"{name}: {lost} of {len(rows)} rows missing, {surplus} too many")
    return "; ".join(said)


def _less(rows: list[Any], others: list[Any]) -> int:
    """How many rows are not among others, each counted as often as it stands."""
    left: dict[Hashable, int] = {}
    for row in others:
        left[row] = left.get(row, 0) + 1
    missing = 0
    for row in rows:
        missing += not left.get(row)
        left[row] = left.get(row, 0) - 1
    return missing


def _crawled(lake: Lake) -> Tables:
    products = lake.table(lake.newest("crawl"), "products").to_pylist()
    images = [
        (row["image_id"], row["phash"])
        for crawl in lake.runs("crawl")
        for row in lake.table(crawl, "images", ["image_id", "phash"]).to_pylist()
    ]
    return {"products": [tuple(str(row[name]) for name in _PRODUCT) for row in products], "images": images}


def _trained(lake: Lake) -> Tables:
    return {"checkpoint": [lake.newest("train").result["checkpoint"]]}


def _embedded(lake: Lake) -> Tables:
    fingerprint = lake.newest("embed").result["fingerprint"]
    vectors: list[Any] = []
    rejects: list[Any] = []
    for run in embed_runs(lake, fingerprint):
        table = lake.table(run, "vectors")
        names, rows = table["image_id"].to_pylist(), table["vector"].to_pylist()
        vectors += [(name, tuple(row)) for name, row in zip(names, rows, strict=True)]
        rejects += [(row["reason"], row["url"]) for row in lake.table(run, "rejects").to_pylist()]
    return {"vectors": vectors, "rejects": rejects}


def _indexed(lake: Lake) -> Tables:
    indexed = lake.newest("index")
    recorded = [tuple(row.values()) for row in lake.table(indexed, "digests").to_pylist()]
    with VectorStore(f"{lake.root}/milvus.db") as store:
        return {"digests": recorded, "entities": list(store.ids(indexed.result["collection"]))}


def _published(lake: Lake) -> Tables:
    pointed = live(lake)
    if pointed is None:
        return {"live": [], "entities": [], "alias": []}
    with VectorStore(f"{lake.root}/milvus.db") as store:
        followed = store.pointed(ALIAS) == pointed.now.collection
        return {
            "live": [(pointed.now.fingerprint, pointed.now.entities)],
            "entities": list(store.ids(pointed.now.collection)),
            "alias": [followed],
        }


_READ: dict[str, Callable[[Lake], Tables]] = {
    "crawl": _crawled,
    "train": _trained,
    "embed": _embedded,
    "index": _indexed,
    "publish": _published,
}
