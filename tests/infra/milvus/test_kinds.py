"""Every kind of index, on Lite and on a server: what it finds; half floats; facts that a shop does not say."""

from collections.abc import Iterator

import numpy as np
import pytest

from infra.milvus.kinds import KINDS
from infra.milvus.schema import Ability, Stored
from infra.milvus.store import VectorStore
from schemas.errors import VectorStoreError
from tests.infra.milvus.entities import CORBIERE, DIM, PRINT, entities, vectors_of

ROWS, QUERIES = 3_000, 100
NEEDS_A_NEWER_SERVER = ("HNSW_SQ",)  # than 2.3.5, which PyPI has


@pytest.fixture
def store(milvus_address: str) -> Iterator[VectorStore]:
    with VectorStore(milvus_address) as opened:
        yield opened


def is_lite(store: VectorStore) -> bool:
    return store.uri.endswith(".db")


def recall(store: VectorStore) -> float:
    """Of the ten nearest of each query, the share that the index finds."""
    vectors = vectors_of(entities(ROWS))
    queries = np.random.default_rng(1).standard_normal((QUERIES, DIM)).astype(np.float32)
    best = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    found = store.search(CORBIERE, queries, 10, fields=["entity_id"])
    ids = [{int(hit.facts["entity_id"].partition("/")[0]) for hit in hits} for hits in found]
    return sum(len(set(row) & held) for row, held in zip(best.tolist(), ids, strict=True)) / (10 * QUERIES)


@pytest.mark.parametrize("index", KINDS)
def test_a_kind_is_built_as_itself_and_finds_the_nearest(store: VectorStore, index: str) -> None:
    if is_lite(store) and not KINDS[index].lite:
        with pytest.raises(VectorStoreError, match=f"Milvus Lite builds no {index}, but FLAT, "):
            store.load(CORBIERE, PRINT, [entities(3)], index=index)
        return
    if not is_lite(store) and index in NEEDS_A_NEWER_SERVER:
        with pytest.raises(VectorStoreError, match=f"invalid index type: {index}"):
            store.load(CORBIERE, PRINT, [entities(3)], index=index)
        return

    loaded = store.load(CORBIERE, PRINT, [entities(ROWS)], index=index)

    assert loaded.entities == store.count(CORBIERE) == ROWS
    assert store._client.describe_index(CORBIERE, "vector")["index_type"] == index
    assert recall(store) >= (1.0 if index == "FLAT" else 0.9)
    [few] = store.search(CORBIERE, vectors_of(entities(1)), 10, where="price < 8", fields=["price"])
    assert sorted(hit.facts["price"] for hit in few) == list(range(8))
    [all_of_them] = store.search(CORBIERE, vectors_of(entities(1)), ROWS, fields=["entity_id"])
    assert len({hit.facts["entity_id"] for hit in all_of_them}) >= 0.99 * ROWS


def test_half_floats_are_refused_where_they_are_not_kept_right(store: VectorStore) -> None:
    """Lite has none, and a server of 2.3 loses them; newer ones are not to be had from PyPI."""
    with pytest.raises(VectorStoreError, match=r"half floats need a Milvus server of 2\.4 or newer"):
        store.load(CORBIERE, PRINT, [entities(3)], half=True)


def test_half_floats_are_sent_and_read_back_as_half_floats() -> None:
    vectors = vectors_of(entities(5))
    half = Stored(PRINT, DIM, half=True)

    rows = half.rows_taken([{"key": str(n), "vector": vectors[n]} for n in range(5)], null=True)

    assert {row["vector"].dtype for row in rows} == {np.dtype(np.float16)}
    hit = half.hit({"entity": {"vector": rows[2]["vector"].tobytes()}, "distance": 1.0}, ["vector"])
    np.testing.assert_allclose(hit.facts["vector"], vectors[2], atol=1e-3)


def test_what_a_shop_does_not_say_passes_no_filter_about_it(store: VectorStore) -> None:
    said = [None if number % 3 else float(number) for number in range(30)]
    stock = [None if number % 2 else number % 4 == 0 for number in range(30)]
    table = entities(30, price=said, in_stock=stock)
    store.load(CORBIERE, PRINT, [table])

    assert store.load(CORBIERE, PRINT, [table]).upserted == 0
    assert store.count(CORBIERE, "price < 10") == 4
    assert store.count(CORBIERE, "price >= 0") == 10
    assert store.count(CORBIERE, "in_stock == true") == 8
    assert store.count(CORBIERE, "in_stock == false") == 7
    [hits] = store.search(CORBIERE, vectors_of(table)[:1], 30)
    told = {hit.facts["entity_id"]: (hit.facts["price"], hit.facts["in_stock"]) for hit in hits}
    assert told == {f"{n}/shop:{n}": (said[n], stock[n]) for n in range(30)}


@pytest.mark.parametrize(
    ("version", "null", "half"),
    [
        ("v2.3.5-lite", False, False),
        ("v2.4.23", False, True),
        ("v2.5.0", True, True),
        ("2.6.1", True, True),
        ("Zilliz Cloud", True, True),
    ],
)
def test_servers_know_null_since_2_5_and_half_floats_since_2_4(version: str, null: bool, half: bool) -> None:
    assert Ability.of(version) == Ability(lite=False, null=null, half=half)
    assert Ability.of("milvus_lite-3.2.2") == Ability(lite=True, null=True, half=False)
