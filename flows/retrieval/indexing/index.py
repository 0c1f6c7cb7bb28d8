"""From vectors to a searchable collection of its own: one Milvus entity per shop photo of every product."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from prefect.blocks.system import Secret

from flows.flow_of import flow_of
from flows.orchestration import has_server
from flows.parameters.retrieval import IndexParameters
from flows.progress import stage
from flows.queries.newest_crawls import labelled_crawls
from flows.queries.search import word_layer
from flows.retrieval.embedding.ledger import vector_runs
from flows.retrieval.indexing.chance import Sample
from flows.retrieval.indexing.entities import entities
from flows.retrieval.indexing.likelihoods import write_likelihoods
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.milvus.digests import KEY_BYTES, EntityDigests
from infra.milvus.folder import lite_folder
from infra.milvus.store import VectorStore
from infra.open_run import OpenRun
from infra.settings import load_settings
from schemas.entity import DIGESTS, INDEXED, collection_for
from schemas.errors import InputError, LakeError
from schemas.ids import digest
from schemas.manifest import Count, Manifest

TOKEN_BLOCK = "vitrine-milvus-token"


@flow_of(IndexParameters, name="index")
def index(parameters: IndexParameters) -> dict[str, Any]:
    """Load the vectors of an embed run's fingerprint, the newest by default, into a new collection."""
    return load_collection(parameters)


@stage_task()
def load_collection(parameters: IndexParameters) -> dict[str, Any]:
    """Make the collection of this run, prove what it holds, tell what differs from the index before, commit."""
    begun = time.monotonic()
    place = Lake(parameters.lake)
    source = place.run(parameters.embed, "embed") if parameters.embed else newest_model_vectors(place)
    labels = place.run(source.parents[0])
    fingerprint = source.result["fingerprint"]
    settings = load_settings(lake=parameters.lake, milvus_uri=parameters.milvus or None)
    kind, half = settings.milvus_index, settings.milvus_half
    recorded: dict[str, Any] = {
        "embed": source.run_id,
        "milvus": settings.milvus_uri,
        "kind": kind,
        "half": half,
    }
    key = digest(recorded)
    if done := done_before(place, "index", key=key):
        return done.result
    run = begin(place, "run", "index", key, parents=[source.run_id], parameters=recorded)
    run.parameters["collection"] = name = collection_for(fingerprint, run.run_id)
    left_out: Counter[str] = Counter()
    sample = Sample()
    with open_index(parameters) as store, stage("index", _photos(place, labels), "entities") as step:
        tables = _kept(run, entities(place, labels, _vectors(place, fingerprint), left_out), sample)
        loaded = store.load(name, fingerprint, tables, step.advance, index=kind, half=half)
    train = source.parents[1] if len(source.parents) > 1 else None
    words = _words(place, train)
    if words is not None:
        write_likelihoods(run, place, labels, words, sample.vectors())
    run.drop(DIGESTS)
    _write_digests(run, loaded.digests)
    before = index_of(place, fingerprint)
    since = loaded.digests.since(read_digests(place, before)) if before else None
    run.counts["index"] = Count(loaded.entities + left_out.total(), loaded.entities, dict(left_out))
    run.seconds["index"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "collection": name,
        "upserted": loaded.upserted,
        "deleted": loaded.deleted,
        "entities": loaded.entities,
        "products": sum(crawl.rows("products") for crawl in labelled_crawls(place, labels)),
        "since": {"index": before.run_id, **since._asdict()} if before and since else None,
        "fingerprint": fingerprint,
        "method": source.result["method"],
        "train": train,
        "labels": labels.run_id,
        "chance": sample.chance(words),
        "left_out": dict(left_out),
        "seconds": round(run.seconds["index"], 2),
    }
    place.commit(run, result)
    return result


class NamesMilvus(Protocol):
    """Parameters that say where lake and Milvus are."""

    @property
    def lake(self) -> str:
        """Address of the lake."""

    @property
    def milvus(self) -> str:
        """Address of Milvus; the settings' where it is empty."""


def open_index(parameters: NamesMilvus, *, create: bool = True) -> VectorStore:
    """Open the Milvus that the parameters or the settings name; without `create` a Lite directory must be there."""
    settings = load_settings(lake=parameters.lake, milvus_uri=parameters.milvus or None)
    token = settings.milvus_token or stored_token(settings.milvus_uri)
    return VectorStore(settings.milvus_uri, token, create=create)


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
    trained = {m.run_id for m in lake.runs("run", "train") if m.result["images"]}
    for manifest in lake.runs("run", "embed", newest_first=True):
        whole = manifest.parameters["splits"] is None
        if whole and trained.intersection(manifest.parents):
            return manifest
    raise LakeError(lake.uri, "holds no vectors of a trained model yet; run embed first")


def index_of(lake: Lake, fingerprint: str, run_id: str | None = None) -> Manifest | None:
    """The newest index run of a fingerprint, or the one named; None where there is none.

    Raises InputError where the run named is no index of this fingerprint.
    """
    if run_id is not None:
        named = lake.run(run_id)
        if named.flow != "index" or named.result["fingerprint"] != fingerprint:
            raise InputError(run_id, "is no index of the model that is judged")
        return named
    runs = lake.runs("run", "index", newest_first=True)
    return next(
        (run for run in runs if run.result.get("fingerprint") == fingerprint and run.rows("digests")), None
    )


def read_digests(lake: Lake, indexed: Manifest) -> EntityDigests:
    """What an index run loaded, by key."""
    pieces = [
        EntityDigests.of_rows([key.hex() for key in batch["key"].to_pylist()], batch["digest"].to_pylist())
        for batch in lake.batches(indexed, "digests", rows=100_000)
    ]
    return EntityDigests.joined(pieces)


def _write_digests(run: OpenRun, digests: EntityDigests) -> None:
    buffer = pa.py_buffer(np.ascontiguousarray(digests.keys).tobytes())
    keys = pa.FixedSizeBinaryArray.from_buffers(pa.binary(KEY_BYTES), len(digests), [None, buffer])
    writer = run.writer(DIGESTS)
    writer.write_table(pa.table([keys, pa.array(digests.digests)], schema=DIGESTS))
    run.add(DIGESTS, writer.close())


def _kept(run: OpenRun, tables: Iterator[pa.Table], sample: Sample) -> Iterator[pa.Table]:
    """The tables as they pass, with a record of them in the run, and some of them in the sample."""
    run.drop(INDEXED)
    writer = run.writer(INDEXED)
    for table in tables:
        writer.write_table(table.select(INDEXED.names).cast(INDEXED))
        ids, products = table["image_id"].to_pylist(), table["product_id"].to_pylist()
        flat = table["vector"].combine_chunks().flatten().to_numpy()
        sample.add(ids, products, flat.reshape(len(table), -1))
        yield table
    run.add(INDEXED, writer.close())


def _vectors(lake: Lake, fingerprint: str) -> list[Manifest]:
    """The runs that hold a fingerprint's vectors. Raises LakeError where there is none."""
    runs = list(vector_runs(lake, fingerprint))
    if not runs:
        raise LakeError(lake.uri, f"holds no vectors of fingerprint {fingerprint[:12]}")
    return runs


def _photos(lake: Lake, labels: Manifest) -> int:
    """Entities there will be, about: the label run's photos, of which customers' are none."""
    return labels.rows("labels")


def _words(lake: Lake, train: str | None) -> NDArray[np.float32] | None:
    """The vectors of the words that a train run learnt; None where it learnt none."""
    trained = lake.run(train) if train else None
    return word_layer(lake, trained).vectors if trained and trained.files.get("word_vectors") else None
