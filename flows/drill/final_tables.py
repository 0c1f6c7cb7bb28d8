"""What a stage leaves, as values that are equal where the tables are: without times, run ids and the order of rows."""

import json
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

from flows.queries.live import live
from flows.retrieval.embedding.ledger import embed_runs
from flows.retrieval.publishing.publish import ALREADY
from infra.lake import Lake
from infra.milvus.store import VectorStore
from schemas.manifest import Manifest

Tables = dict[str, list[Any]]
_PRODUCT = ("product_id", "title", "price", "content_hash", "image_ids", "image_views")
_INDEX_SAID = ("entities", "products", "fingerprint", "method", "train", "labels", "chance", "left_out")
_GATE_SAID = ("verdict", "why", "published", "forced", "overall", "slices", "worse", "overlap_at_10")


def tables(stage: str, folder: Path) -> Tables:
    """Rows of each table that a stage of flows/drill/moments.py has left in a lake, sorted."""
    return {name: sorted(rows, key=repr) for name, rows in _READ[stage](Lake(str(folder))).items()}


def difference(found: Tables, wanted: Tables) -> str:
    """Say how tables differ; empty where they do not."""
    said = []
    for name in [*wanted, *(name for name in found if name not in wanted)]:
        rows, others = wanted.get(name, []), found.get(name, [])
        lost, surplus = _less(rows, others), _less(others, rows)
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
    """The newest index run, its collection row by row, and collections that no run of the lake knows."""
    newest = lake.newest("index")
    since = dict(newest.result["since"] or {}, index="")
    known = {run.result["collection"] for run in lake.runs("run", "index")}
    with VectorStore(f"{lake.root}/milvus.db", create=False) as store:
        held = _held(store, newest.result["collection"])
        strangers = [name for name in store.collections() if name not in known]
    said = [_text({name: newest.result[name] for name in _INDEX_SAID} | {"since": since})]
    return {"said": said, "entities": held, "strangers": strangers, **_rows(lake, newest)}


def _published(lake: Lake) -> Tables:
    """The pointer, what the gate recorded, and all that Milvus holds: collections row by row, and aliases.

    That what is live was published once more, as by a command given again, is no change.
    """
    pointed = live(lake)
    judged = [run for run in lake.runs("run", "publish") if run.result["verdict"] != ALREADY]
    found: Tables = {
        "pointer": [_text([pointed.now.told(), pointed.previous and pointed.previous.told()])]
        if pointed
        else [],
        "verdicts said": [_text({name: run.result[name] for name in _GATE_SAID}) for run in judged],
    }
    for run in judged:
        for name, rows in _rows(lake, run).items():
            found.setdefault(name, []).extend(rows)
    with VectorStore(f"{lake.root}/milvus.db", create=False) as store:
        found["collections"] = [(name, store.fingerprint(name)) for name in store.collections()]
        found["entities"] = [(name, *row) for name in store.collections() for row in _held(store, name)]
        found["aliases"] = [*store.aliases().items()]
    found["folders"] = [path.name for path in Path(f"{lake.root}/milvus.db/collections").iterdir()]
    return found


def _held(store: VectorStore, collection: str) -> list[Any]:
    """Key and digest of every entity of a collection: the digest is of its facts and its vector."""
    held = store.digests(collection)
    return list(zip(held.hex_keys(), held.digests.tolist(), strict=True))


def _rows(lake: Lake, run: Manifest) -> Tables:
    """All rows of all tables of a run."""
    return {
        name: [_text(row) for row in lake.table(run, name).to_pylist()]
        for name, parts in run.files.items()
        if parts
    }


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


_READ: dict[str, Callable[[Lake], Tables]] = {
    "crawl": _crawled,
    "train": _trained,
    "embed": _embedded,
    "index": _indexed,
    "publish": _published,
}
