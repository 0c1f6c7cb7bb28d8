"""Where what is live came from: the runs behind an index, and behind a hit its page, photo and checkpoint."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.queries.live import Live, live
from flows.queries.newest_crawls import labelled_crawls
from flows.queries.runs import receipt_of, summary_of
from infra.lake import Lake
from infra.photo_locations import PhotoSearch
from schemas.errors import InputError, LakeError
from schemas.ids import RUN_ID
from schemas.image_ids import ids_of_hex
from schemas.manifest import Manifest

GONE = "gone"  # flow of a run that was swept


def lineage(lake: str, of: str = "") -> dict[str, Any]:
    """The runs that a run was made of, and those behind them, down to the crawls.

    of  id of a run; or of a hit: a product, `shop:key`, or a photo, its SHA-256 in hex; what is live without one
    Returns root, an id; nodes, each with id, flow, summary, cost and parents, a node before what it was made of; and of
    a hit `hit`: product, title, page, photos (image_id, url, crawl with its bytes, embed with its vector), checkpoint.
    Raises InputError where nothing is live and no run is named, or the index of what is live holds no such hit.
    """
    place = Lake(lake)
    pointed = None if RUN_ID.fullmatch(of) else live(place)
    if pointed is None and not RUN_ID.fullmatch(of):
        raise InputError(place.uri, "has nothing live; publish an index, or name a run with --of")
    root = place.run(pointed.run_id if pointed else of)
    told: dict[str, Any] = {"lake": lake, "of": of, "root": root.run_id, "hit": None}
    if pointed and of:
        told["hit"] = _hit(place, pointed, of)
    nodes = list(_behind(place, root, pointed))
    return told | {"nodes": [_node(*node) for node in nodes]}


def _behind(
    lake: Lake, root: Manifest, pointed: Live | None
) -> Iterator[tuple[str, Manifest | None, list[str]]]:
    """Each run behind a run once, breadth first: id, manifest, None for one that is gone, and ids it was made of."""
    waiting, seen = [root.run_id], {root.run_id}
    for run_id in waiting:
        run = root if run_id == root.run_id else _run(lake, run_id)
        # A crawl carries on what the one before it knew; a rollback names what was live, too, which is not behind it.
        parents = [] if run is None or run.kind == "crawl" else run.parents
        if run is not None and run.flow == "rollback" and pointed:
            parents = [pointed.now.index]
        yield run_id, run, parents
        waiting += [parent for parent in parents if parent not in seen]
        seen.update(parents)


def _run(lake: Lake, run_id: str) -> Manifest | None:
    try:
        return lake.run(run_id)
    except LakeError as error:
        if error.transient:
            raise
        return None


def _node(run_id: str, run: Manifest | None, parents: list[str]) -> dict[str, Any]:
    if run is None:
        return {"id": run_id, "flow": GONE, "summary": "swept", "cost": {}, "parents": []}
    return {
        "id": run_id,
        "flow": run.flow,
        "summary": summary_of(run),
        "cost": receipt_of(run),
        "parents": parents,
    }


def _hit(lake: Lake, pointed: Live, of: str) -> dict[str, Any]:
    """A product, or the product of a photo, among those of the index that is live."""
    indexed = lake.run(pointed.now.index)
    for crawl in labelled_crawls(lake, lake.run(indexed.result["labels"])):
        for batch in lake.batches(
            crawl, "products", ["product_id", "title", "url", "image_ids", "image_urls"], 2_000
        ):
            if (row := _row(batch, of)) is not None:
                product = batch.slice(row, 1).to_pylist()[0]
                checkpoint = ""
                if pointed.now.train:
                    checkpoint = str(lake.run(pointed.now.train).result["checkpoint"])
                return {
                    "product_id": product["product_id"],
                    "title": product["title"],
                    "page": product["url"],
                    "photos": _photos(lake, pointed.now.fingerprint, product, of),
                    "checkpoint": checkpoint,
                }
    raise InputError(
        of, "is no product and no photo of the index that is live; give shop:key, or a photo's SHA-256"
    )


def _row(batch: pa.RecordBatch, of: str) -> int | None:
    """Row of a product, by its id or by a photo of it."""
    place = pc.index(batch["product_id"], of).as_py()
    if place >= 0:
        return int(place)
    photos = batch["image_ids"]
    place = pc.index(photos.flatten(), of).as_py()
    return int(pc.list_parent_indices(photos)[place].as_py()) if place >= 0 else None


def _photos(lake: Lake, fingerprint: str, product: dict[str, Any], of: str) -> list[dict[str, str]]:
    """The photos of a product, or the one that was asked for."""
    pairs = zip(product["image_ids"], product["image_urls"], strict=True)
    urls = {name: url for name, url in pairs if name and of in (name, product["product_id"])}
    if not urls:
        return []
    ids = np.unique(ids_of_hex(list(urls)))
    crawls: dict[str, str] = {}
    for one in PhotoSearch(lake, ids):
        run_id = one.path[len(lake.root) + 1 :].partition("/")[0].partition("=")[2]
        crawls |= dict.fromkeys((name.hex() for name in one.ids.tolist()), run_id)
    embeds: dict[str, str] = {}
    for run in lake.runs("run", "embed", newest_first=True):
        if run.result.get("fingerprint") == fingerprint and run.rows("vectors") and len(embeds) < len(urls):
            wanted = pc.field("image_id").isin(list(urls))
            found = lake.dataset(run, "vectors").to_table(["image_id"], filter=wanted)["image_id"].to_pylist()
            embeds |= {name: run.run_id for name in found if name not in embeds}
    return [
        {"image_id": name, "url": url, "crawl": crawls.get(name, ""), "embed": embeds.get(name, "")}
        for name, url in urls.items()
    ]
