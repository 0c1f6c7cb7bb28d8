"""What an index holds and finds, asked of Milvus Lite and of a server alike."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from infra.milvus.store import VectorStore
from schemas.entity import collection_for
from schemas.errors import VectorStoreError
from tests.infra.milvus.entities import CORBIERE, DIM, OTHER, PRINT, RUN, entities, vectors_of


@pytest.fixture
def store(milvus_address: str) -> Iterator[VectorStore]:
    with VectorStore(milvus_address) as opened:
        yield opened


def test_what_was_loaded_is_there_with_all_its_facts(store: VectorStore) -> None:
    table = entities(50, title=["Crêpe «midi» 連衣裙"] * 50)
    progress: list[int] = []

    loaded = store.load(CORBIERE, PRINT, [table.slice(0, 30), table.slice(30)], progress.append)

    assert (loaded.upserted, loaded.deleted, loaded.entities) == (50, 0, 50)
    assert sum(progress) == 50
    assert store.count(CORBIERE) == 50
    assert store.ids(CORBIERE) == set(table["entity_id"].to_pylist())
    assert store.fingerprint(CORBIERE) == PRINT
    [[found]] = store.search(CORBIERE, vectors_of(table)[7:8], 1)
    assert found.facts == table.slice(7, 1).drop_columns(["vector"]).to_pylist()[0]
    assert found.similarity == pytest.approx(1, abs=1e-5)


def test_what_is_said_of_some_entities_is_what_was_loaded(store: VectorStore) -> None:
    table = entities(50, price=[None if number % 7 == 0 else number / 4 for number in range(50)])
    store.load(CORBIERE, PRINT, [table])
    rows = table.drop_columns(["vector"]).to_pylist()
    some = {rows[number]["entity_id"]: rows[number] for number in (14, 3, 49)}

    assert store.facts(CORBIERE, [*some, "nobody's/shop:9"]) == some
    assert store.facts(CORBIERE, list(some), ["price", "entity_id"]) == {
        own: {"price": row["price"], "entity_id": own} for own, row in some.items()
    }
    assert store.facts(CORBIERE, []) == {}


def test_a_second_load_sends_only_what_changed_and_removes_what_is_gone(store: VectorStore) -> None:
    table = entities(50)
    store.load(CORBIERE, PRINT, [table])
    prices = [price - 1 if number == 3 else price for number, price in enumerate(table["price"].to_pylist())]

    again = store.load(CORBIERE, PRINT, [table])
    changed = store.load(CORBIERE, PRINT, [entities(50, price=prices).slice(0, 45)])

    assert (again.upserted, again.deleted, again.entities) == (0, 0, 50)
    assert (changed.upserted, changed.deleted, changed.entities) == (1, 5, 45)
    assert store.count(CORBIERE) == 45
    assert store.ids(CORBIERE) == {f"{number}/shop:{number}" for number in range(45)}
    [[found]] = store.search(CORBIERE, vectors_of(table)[3:4], 1)
    assert (found.facts["entity_id"], found.facts["price"]) == ("3/shop:3", 2.0)


def test_a_new_vector_of_an_old_entity_is_sent(store: VectorStore) -> None:
    table = entities(20)
    store.load(CORBIERE, PRINT, [table])
    turned = pa.FixedSizeListArray.from_arrays(pa.array(-vectors_of(table).ravel()), DIM)

    loaded = store.load(CORBIERE, PRINT, [entities(20, vector=turned)])

    assert loaded.upserted == 20
    assert store.search(CORBIERE, vectors_of(table)[:1], 20)[0][-1].facts["entity_id"] == "0/shop:0"


@pytest.mark.parametrize("blank", [5, 20])
def test_photos_without_a_vector_are_loaded_like_any(store: VectorStore, blank: int) -> None:
    vectors = vectors_of(entities(20)).copy()
    vectors[:blank] = 0
    table = entities(20, vector=pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIM))

    assert store.load(CORBIERE, PRINT, [table]).entities == store.count(CORBIERE) == 20


def test_two_models_never_mix(store: VectorStore) -> None:
    store.load(CORBIERE, PRINT, [entities(20)])

    with pytest.raises(VectorStoreError, match=f"{CORBIERE}: holds fingerprint {PRINT}.*never mix"):
        store.load(CORBIERE, OTHER, [entities(20)])
    with pytest.raises(VectorStoreError, match=r"with 16 components, not .* with 8"):
        store.load(CORBIERE, PRINT, [entities(20, dim=8)])
    with pytest.raises(
        VectorStoreError, match="is indexed as FLAT of whole floats, not HNSW of whole floats"
    ):
        store.load(CORBIERE, PRINT, [entities(20)], index="HNSW")

    assert store.count(CORBIERE) == 20
    assert collection_for(PRINT, RUN) != collection_for(OTHER, RUN)


def test_a_search_equals_comparing_with_every_vector(store: VectorStore) -> None:
    table = entities(700)
    store.load(CORBIERE, PRINT, [table])
    vectors = vectors_of(table)
    queries = np.random.default_rng(1).standard_normal((230, DIM)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)

    found = store.search(CORBIERE, queries, 10, fields=["entity_id"])

    cosines = queries @ vectors.T
    best = np.argsort(-cosines, axis=1)[:, :10]
    assert [[hit.facts for hit in hits] for hits in found] == [
        [{"entity_id": f"{number}/shop:{number}"} for number in row] for row in best
    ]
    similarities = [[hit.similarity for hit in hits] for hits in found]
    np.testing.assert_allclose(similarities, np.take_along_axis(cosines, best, axis=1), atol=1e-5)


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("price >= 10 and price < 13", {10, 11, 12}),
        ("in_stock == true and price < 5", {0, 2, 4}),
        ('shop in ["shop 3", "shop 7"]', {3, 7}),
        ('title like "title 19%"', {19}),
        ('price < 3 and title != "nonsense \\" and other"', {0, 1, 2}),
        ("price < 0", set()),
        ("price < 18.5 and in_stock == true and price > 15", {16, 18}),
    ],
)
def test_a_filter_is_obeyed(store: VectorStore, where: str, numbers: set[int]) -> None:
    table = entities(20)
    store.load(CORBIERE, PRINT, [table])

    [hits] = store.search(CORBIERE, vectors_of(table)[:1], 20, where=where)

    assert {int(hit.facts["price"]) for hit in hits} == numbers


@pytest.mark.parametrize(
    "where", ["price <<< 3", "nonsense > 3", "title < 3", 'shop == "a\\" and b" or Price > 3']
)
def test_a_bad_filter_is_one_line_that_quotes_it(store: VectorStore, where: str) -> None:
    table = entities(3)
    store.load(CORBIERE, PRINT, [table])

    with pytest.raises(VectorStoreError) as refused:
        store.search(CORBIERE, vectors_of(table), 1, where=where)

    assert f"where {where}: " in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_asked_is_refused_by_name(store: VectorStore) -> None:
    store.load(CORBIERE, PRINT, [entities(3)])

    for ask in (lambda: store.count("nothing"), lambda: store.search("nothing", np.ones((1, DIM)), 1)):
        with pytest.raises(VectorStoreError, match="nothing"):
            ask()
    with pytest.raises(VectorStoreError, match=r"queries of shape \(1, 3\) for vectors of 16"):
        store.search(CORBIERE, np.ones((1, 3), np.float32), 1)


def test_keys_with_quotes_and_backslashes_are_loaded_replaced_and_removed(store: VectorStore) -> None:
    ids = [
        f"{number}/shop:{key}"
        for number, key in enumerate(['a"b', "a'b", "a\\", '\\"', "] or 1==1", "é\n", ""])
    ]
    table = entities(7, entity_id=ids)

    store.load(CORBIERE, PRINT, [table])
    assert store.ids(CORBIERE) == set(ids)
    loaded = store.load(CORBIERE, PRINT, [table.slice(5)])

    assert (loaded.deleted, loaded.entities) == (5, 2)
    assert store.ids(CORBIERE) == set(ids[5:])


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"entity_id": ["same/shop:1"] * 3}, "same/shop:1: is to be loaded twice"),
        ({"product_id": ["x" * 3_000] * 3}, "product_id is longer than 2,048 bytes"),
        ({"vector": [[float("nan")] * DIM] * 3}, "0/shop:0: its vector has a component that is no number"),
    ],
)
def test_an_entity_that_cannot_be_stored_is_named(
    store: VectorStore, columns: dict[str, list[object]], why: str
) -> None:
    with pytest.raises(VectorStoreError, match=why):
        store.load(CORBIERE, PRINT, [entities(3, **columns)])


def test_an_index_of_nothing_is_refused(store: VectorStore) -> None:
    for tables in ([], [entities(0)]):
        with pytest.raises(VectorStoreError, match="no entities to load"):
            store.load(CORBIERE, PRINT, tables)


def test_an_index_that_nobody_builds_is_refused(store: VectorStore) -> None:
    with pytest.raises(VectorStoreError, match="index ANNOY is none of FLAT, "):
        store.load(CORBIERE, PRINT, [entities(3)], index="ANNOY")


def test_long_text_is_cut_and_loads_the_same_twice(store: VectorStore) -> None:
    table = entities(3, title=["é" * 2_000] * 3)

    store.load(CORBIERE, PRINT, [table])

    assert store.load(CORBIERE, PRINT, [table]).upserted == 0
    assert store.search(CORBIERE, vectors_of(table), 1)[0][0].facts["title"] == "é" * 500


def test_a_dropped_collection_leaves_the_others_and_may_be_dropped_again(store: VectorStore) -> None:
    other = collection_for(OTHER, RUN)
    store.load(CORBIERE, PRINT, [entities(3)])
    store.load(other, OTHER, [entities(5)])

    store.drop(CORBIERE)
    store.drop(CORBIERE)

    assert store.collections() == [other]
    assert (store.count(other), store.fingerprint(other)) == (5, OTHER)


def test_a_collection_is_named_after_fingerprint_and_run() -> None:
    assert collection_for(PRINT, RUN) == "vitrine_1a2b3c4d5e6f_20261124T010203Z_00ff"


def test_a_query_of_another_model_is_refused(store: VectorStore) -> None:
    store.load(CORBIERE, PRINT, [entities(3)])

    with pytest.raises(VectorStoreError, match=f"holds fingerprint {PRINT}, the query has {OTHER}"):
        store.search(CORBIERE, vectors_of(entities(1)), 1, fingerprint=OTHER)
    assert store.search(CORBIERE, vectors_of(entities(1)), 1, fingerprint=PRINT)[0]


def test_an_alias_is_made_moved_and_read(store: VectorStore) -> None:
    other = collection_for(OTHER, RUN)
    store.load(CORBIERE, PRINT, [entities(3)])
    store.load(other, OTHER, [entities(5)])
    assert store.pointed("live") == ""

    for name, count in ((CORBIERE, 3), (CORBIERE, 3), (other, 5)):
        store.point("live", name)
        assert (store.pointed("live"), store.count("live")) == (name, count)

    store.drop(other)
    assert store.pointed("live") == ""
    store.point("live", CORBIERE)
    assert store.count("live") == 3
    store._client.drop_collection(CORBIERE)  # as somebody else might: a server keeps the name
    store.load(other, OTHER, [entities(5)])
    store.point("live", other)
    assert store.count("live") == 5


def test_what_passes_a_filter_is_counted_and_named(store: VectorStore) -> None:
    store.load(CORBIERE, PRINT, [entities(20)])

    assert store.count(CORBIERE, "price < 5") == 5
    assert store.ids(CORBIERE, "price < 2") == {"0/shop:0", "1/shop:1"}
