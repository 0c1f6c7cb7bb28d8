"""Whether a collection is what its index run loaded, and answers as quickly as the one that is live."""

import time
from statistics import median

import numpy as np

from flows.queries.live import Pointer
from flows.retrieval.indexing.index import read_digests
from infra.lake import Lake
from infra.milvus.digests import EntityDigests
from infra.milvus.store import VectorStore
from schemas.errors import VectorStoreError

SAMPLED = 1_000  # entities asked by their key; the load itself has read back every one
ASKED = 20  # searches timed, one by one
TIMES, BESIDES_S = 2.0, 0.05  # slower than so many times the live one's median and so much more is a fault
K = 20


def fault(lake: Lake, store: VectorStore, index: Pointer) -> str:
    """Say what is wrong with a collection; empty where it holds what its run loaded. It is warm afterwards."""
    try:
        made_by, count = store.fingerprint(index.collection), store.count(index.collection)
    except VectorStoreError as error:
        if error.transient:
            raise
        return f"{index.collection} cannot be asked ({error.why})"
    if made_by != index.fingerprint:
        return f"{index.collection} holds fingerprint {made_by}, not {index.fingerprint}"
    if count != index.entities:
        return f"{index.collection} holds {count:,} entities, not {index.entities:,}"
    held = read_digests(lake, lake.run(index.index))
    chosen = np.random.default_rng(0).choice(len(held), min(SAMPLED, len(held)), replace=False)
    sample = EntityDigests(held.keys[chosen], held.digests[chosen])
    there = store.digests_of(index.collection, sample.hex_keys())
    if len(there) != len(sample) or not held.told(there).all():
        return f"{index.collection} does not hold the entities that run {index.index} loaded"
    return ""


def seconds_a_search(store: VectorStore, *collections: str) -> list[float]:
    """Median seconds of a search in each collection, asked in turn so that all meet the same machine."""
    random = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in collections}
    for asked in range(ASKED + 1):
        for name in times:
            vector = random.standard_normal((1, store.length(name))).astype(np.float32)
            begun = time.perf_counter()
            store.search(name, vector / np.linalg.norm(vector), K)
            if asked:  # the first one warms it
                times[name].append(time.perf_counter() - begun)
    return [median(times[name]) for name in collections]


def too_slow(candidate_s: float, live_s: float) -> bool:
    """Whether a search takes so much longer that something is wrong with the index."""
    return candidate_s > TIMES * live_s + BESIDES_S
