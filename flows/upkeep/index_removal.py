"""Forgotten entities out of every collection of a lake; searches by filter and by their own vectors prove it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flows.upkeep.row_changes import gone_keys
from flows.upkeep.targets import Targets
from infra.lake import Lake
from infra.milvus.folder import lite_folder
from infra.milvus.store import VectorStore
from infra.settings import load_settings
from schemas.errors import VectorStoreError
from schemas.image_ids import hex_of_ids
from schemas.manifest import Manifest

PROBES, K = 32, 20  # vectors of forgotten photos that are searched with, and how far each looks
_AT_ONCE = 500  # ids in one filter


class Proof(NamedTuple):
    """Of one collection: entities that were to go, and searches that afterwards found none of them."""

    collection: str
    entities: int
    searches: int


def remove_from_index(lake: Lake, milvus: str, targets: Targets) -> list[Proof]:
    """Remove what is to be forgotten from the collections of all index runs of a lake, and prove it.

    Raises VectorStoreError where a search still finds some of it.
    """
    settings = load_settings(lake=lake.uri, milvus_uri=milvus or None)
    indexes = {run.result["collection"]: run for run in lake.runs("run", "index")}
    folder = lite_folder(settings.milvus_uri)
    if not indexes or (folder and not Path(folder).exists()):
        return []
    with VectorStore(settings.milvus_uri, settings.milvus_token, create=False) as store:
        there = set(store.collections())
        return [_removed(lake, store, run, targets) for name, run in sorted(indexes.items()) if name in there]


def _removed(lake: Lake, store: VectorStore, run: Manifest, targets: Targets) -> Proof:
    name = run.result["collection"]
    keys = set(gone_keys(lake, run, targets))
    store.remove(name, sorted(keys))
    if left := sum(store.count(name, where) for where in _filters(targets)):
        raise VectorStoreError(name, f"still holds {left:,} entities of what is to be forgotten")
    probes = _probes(lake, run, targets)
    found = store.search(name, probes, K, fields=("image_id", "product_id")) if len(probes) else []
    for hit in (hit for hits in found for hit in hits):
        photo, product = (pa.array([hit.facts[column]]) for column in ("image_id", "product_id"))
        if targets.of_photos(photo)[0] or targets.of_products(product)[0]:
            raise VectorStoreError(name, f"a search still finds {hit.facts['product_id']}")
    return Proof(name, len(keys), len(probes))


def _filters(targets: Targets) -> Iterator[str]:
    """Milvus filters that together pass every entity of what is to be forgotten."""
    if targets.shop:
        yield f"shop == {json.dumps(targets.shop)}"
        return
    for column, ids in (("product_id", sorted(targets.products)), ("image_id", hex_of_ids(targets.photos))):
        for first in range(0, len(ids), _AT_ONCE):
            yield f"{column} in {json.dumps(ids[first : first + _AT_ONCE], ensure_ascii=False)}"


def _probes(lake: Lake, indexed: Manifest, targets: Targets) -> NDArray[np.float32]:
    """(P, D) vectors of some forgotten photos, of the index's fingerprint, as far as the lake still holds any."""
    rows: list[Sequence[float]] = []
    for run in lake.runs("run", "embed", newest_first=True):
        if run.result.get("fingerprint") != indexed.result.get("fingerprint"):
            continue
        for batch in lake.batches(run, "vectors", ["image_id", "vector"], rows=10_000):
            meant = targets.of_photos(batch["image_id"])
            rows += batch["vector"].filter(pa.array(meant)).to_pylist()[: PROBES - len(rows)]
        if len(rows) >= PROBES:
            break
    return np.array(rows, np.float32)
