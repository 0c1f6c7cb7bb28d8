"""From vectors to a searchable collection: one Milvus entity per shop photo of every product."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from prefect.blocks.system import Secret

from flows.flow_of import flow_of
from flows.orchestration import has_server
from flows.parameters.retrieval import IndexParameters
from flows.progress import stage
from flows.queries.newest_crawls import labelled_crawls, products
from flows.queries.search import word_layer
from flows.retrieval.chance import chance
from flows.retrieval.embed import vector_runs
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.milvus_folder import lite_folder
from infra.settings import load_settings
from infra.vectors import VectorStore, collection_for
from schemas.entity import entities_schema, entity_id
from schemas.errors import LakeError
from schemas.ids import digest, key_fault
from schemas.manifest import Count, Manifest
from workers.data.split import CUSTOMER

TOKEN_BLOCK = "vitrine-milvus-token"
BATCH = 2_000
FACTS = ("shop", "title", "brand", "categories", "colour", "gender", "price", "currency", "in_stock", "url")


@flow_of(IndexParameters, name="index")
def index(parameters: IndexParameters) -> dict[str, Any]:
    """Load the vectors of an embed run's fingerprint, the newest by default, into the fingerprint's collection."""
    return load_collection(parameters)


@stage_task()
def load_collection(parameters: IndexParameters) -> dict[str, Any]:
    """Upsert what is new or changed, delete what has left the catalogue, verify the id set, commit."""
    begun = time.monotonic()
    place = Lake(parameters.lake)
    source = place.run(parameters.embed) if parameters.embed else newest_model_vectors(place)
    labels = place.run(source.parents[0])
    fingerprint, method = source.result["fingerprint"], source.result["method"]
    name = collection_for(method, fingerprint)
    settings = load_settings(lake=parameters.lake, milvus_uri=parameters.milvus or None)
    uri = settings.milvus_uri
    recorded: dict[str, Any] = {"embed": source.run_id, "milvus": uri, "collection": name}
    key = digest(recorded)
    if done := done_before(place, "index", key=key):
        return done.result
    run = begin(place, "run", "index", key, parents=[source.run_id], parameters=recorded)
    numbers, vectors = read_vectors(place, fingerprint)
    train = source.parents[1] if len(source.parents) > 1 else None
    left_out: Counter[str] = Counter()
    total = sum(crawl.rows("products") for crawl in labelled_crawls(place, labels))
    with (
        VectorStore(uri, settings.milvus_token or stored_token(uri)) as store,
        stage("index", None, "entities") as step,
    ):
        tables = _entities(place, labels, numbers, vectors, left_out)
        loaded = store.load(name, fingerprint, tables, step.advance)
    run.counts["index"] = Count(loaded.entities + left_out.total(), loaded.entities, dict(left_out))
    run.seconds["index"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "collection": name,
        "upserted": loaded.upserted,
        "deleted": loaded.deleted,
        "entities": loaded.entities,
        "products": total,
        "fingerprint": fingerprint,
        "train": train,
        "chance": _chance(place, labels, train, numbers, vectors),
        "left_out": dict(left_out),
        "seconds": round(run.seconds["index"], 2),
    }
    place.commit(run, result)
    return result


def stored_token(uri: str) -> str:
    """Return what the Prefect Secret block vitrine-milvus-token holds, for a server of Milvus; empty without one.

    Read here, inside the task: a parameter would stand in Prefect's database for everybody to read.
    """
    if not has_server() or lite_folder(uri):
        return ""
    try:
        return str(Secret.load(TOKEN_BLOCK).get())  # type: ignore[union-attr]
    except ValueError:  # no such block
        return ""


def newest_model_vectors(lake: Lake) -> Manifest:
    """The newest embed run made with a trained checkpoint over a whole label run: what the live index is for."""
    trained = {m.run_id for m in lake.runs("run") if m.flow == "train" and m.result["images"]}
    for manifest in lake.runs("run", newest_first=True):
        whole = manifest.flow == "embed" and manifest.parameters["splits"] is None
        if whole and trained.intersection(manifest.parents):
            return manifest
    raise LakeError(lake.uri, "holds no vectors of a trained model yet; run embed first")


def read_vectors(
    lake: Lake, fingerprint: str
) -> tuple[dict[str, int], np.ndarray[Any, np.dtype[np.float32]]]:
    """Every vector of a fingerprint: row number by image_id, and the (N, D) matrix."""
    tables = [
        lake.table(manifest, "vectors", ["image_id", "vector"]) for manifest in vector_runs(lake, fingerprint)
    ]
    if not tables:
        raise LakeError(lake.uri, f"holds no vectors of fingerprint {fingerprint[:12]}")
    table = pa.concat_tables(tables)
    column = table["vector"].combine_chunks()
    dim = column.type.list_size
    flat: np.ndarray[Any, np.dtype[np.float32]] = column.flatten().to_numpy().reshape(-1, dim)
    return {image_id: row for row, image_id in enumerate(table["image_id"].to_pylist())}, flat


def _chance(
    lake: Lake, labels: Manifest, train: str | None, numbers: dict[str, int], vectors: Any
) -> dict[str, float]:
    """How alike photos of two products are by chance, and words and photos; a search says by it what is unlike."""
    trained = lake.run(train) if train else None
    words = word_layer(lake, trained).vectors if trained and trained.files.get("word_vectors") else None
    owner = -1 - np.arange(len(vectors))  # a photo of no product of this label run is its own
    places: dict[str, int] = {}
    for batch in lake.batches(labels, "labels", ["product_id", "image_id"], rows=20_000):
        for product, image_id in zip(
            batch["product_id"].to_pylist(), batch["image_id"].to_pylist(), strict=True
        ):
            if image_id in numbers:
                owner[numbers[image_id]] = places.setdefault(product, len(places))
    return chance(vectors, owner, words)


def _entities(
    lake: Lake, labels: Manifest, numbers: dict[str, int], vectors: Any, left_out: Counter[str]
) -> Iterator[pa.Table]:
    """Make the entities; one that no index can hold is counted in `left_out`, and the others go on."""
    schema = entities_schema(vectors.shape[1])
    rows: list[dict[str, Any]] = []
    columns = [*FACTS, "image_ids", "image_views", "image_urls"]
    for product in products(lake, labelled_crawls(lake, labels), columns):
        seen: set[str] = set()
        for image_id, view, url in zip(
            product["image_ids"], product["image_views"], product["image_urls"], strict=True
        ):
            # Customers' photos ask; the shop's own photos are what is found.
            if view != CUSTOMER and image_id in numbers and image_id not in seen:
                seen.add(image_id)
                if key_fault(product["product_id"].partition(":")[2]):
                    left_out["id_too_long"] += 1
                    continue
                if not np.isfinite(vectors[numbers[image_id]]).all():
                    left_out["vector_invalid"] += 1
                    continue
                rows.append(_entity(product, image_id, view, url) | {"vector": vectors[numbers[image_id]]})
        if len(rows) >= BATCH:
            yield pa.Table.from_pylist(rows, schema)
            rows = []
    if rows:
        yield pa.Table.from_pylist(rows, schema)


def _entity(product: dict[str, Any], image_id: str, view: str, image_url: str) -> dict[str, Any]:
    plain = {
        name: product[name] for name in ("product_id", "shop", "brand", "colour", "gender", "currency", "url")
    }
    return plain | {
        "entity_id": entity_id(image_id, product["product_id"]),
        "image_id": image_id,
        "title": product["title"],
        "category": " > ".join(product["categories"]),
        "price": float(product["price"]) if product["price"] is not None else -1.0,
        "in_stock": product["in_stock"],
        "view": view,
        "image_url": image_url,
    }
