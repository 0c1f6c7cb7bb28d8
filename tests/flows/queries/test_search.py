"""flows/queries/search.py on a small lake and Milvus Lite: words and filters, and what cannot be searched for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.parameters.retrieval import IndexParameters, SearchParameters
from flows.queries.products_found import products_found
from flows.queries.search import search, word_layer
from flows.retrieval.indexing.index import load_collection
from infra.milvus.rows import Hit
from infra.milvus.store import VectorStore
from infra.settings import load_settings
from schemas.errors import InputError, LakeError
from schemas.score import WORD_SCORES
from schemas.vector import word_vectors_schema
from tests.flows.command_line import vitrine
from tests.flows.published_lake import publish_small
from tests.workers.report.small_lake import DIM, WORDS, SmallLake


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """A small lake whose vectors are in Milvus, beside the lake as by default."""
    small = SmallLake(tmp_path_factory.mktemp("search") / "lake")
    publish_small(small)
    yield small


def wanted(small: SmallLake, **asked: object) -> SearchParameters:
    return SearchParameters.read({"lake": small.lake.uri} | asked)


def test_words_find_products_that_bear_them_each_once_and_best_first(small: SmallLake) -> None:
    result = search(wanted(small, words="red dress", k=3))

    hits = result["hits"]
    assert len({hit["product_id"] for hit in hits}) == len(hits) == 3
    assert [hit["match"] for hit in hits] == sorted((hit["match"] for hit in hits), reverse=True)
    assert 1 > hits[0]["match"] > 5 * result["chance"] and not hits[0]["unlike"]
    kinds = {product.product_id: (kind, colour) for product, kind, colour, _ in small.products}
    assert kinds[hits[0]["product_id"]] == ("dress", "red")
    assert (result["query"], result["unknown_words"]) == ("red dress", [])


def test_words_that_were_never_learnt_are_told_and_the_others_searched(small: SmallLake) -> None:
    result = search(wanted(small, words="red paisley dress", k=1))

    assert result["unknown_words"] == ["paisley"]
    assert len(result["hits"]) == 1
    with pytest.raises(InputError, match="learnt none of them"):
        search(wanted(small, words="paisley"))


def test_a_filter_is_obeyed(small: SmallLake) -> None:
    hits = search(wanted(small, words="dress", where="price < 60 and price >= 0", k=24))["hits"]

    cheap = {product.product_id for product, *_ in small.products if product.price < 60}
    assert {hit["product_id"] for hit in hits} == cheap


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "one of the two"),
        ({"words": "red", "image": "photo.jpg"}, "one of the two"),
        ({"words": "red", "k": 0}, "-k 0"),
        ({"image": "/nowhere.jpg"}, "cannot be read"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(
    small: SmallLake, asked: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        search(wanted(small, **asked))


def test_a_lake_that_was_never_indexed_says_so(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no published index"):
        search(SearchParameters(lake=str(tmp_path), words="red"))


def test_the_word_layer_is_read_with_its_offsets_and_without_them_where_a_run_has_none(
    small: SmallLake,
) -> None:
    scores = [
        {"word_id": n, "word": word, "positives": 9, "auc": 0.7, "offset": None if n == 1 else n / 2}
        for n, word in enumerate(WORDS)
    ]
    vectors = [{"word_id": n, "word": word, "vector": small.meaning(word)} for n, word in enumerate(WORDS)]
    tables = {word_vectors_schema(DIM): vectors, WORD_SCORES: scores}
    scored = small.commit("train", tables, [small.labels.run_id], {"method": "corbiere", "images": 0})

    layer, plain = (word_layer(small.lake, run) for run in (scored, small.trains["corbiere"]))

    assert layer.ids == plain.ids == {word: n for n, word in enumerate(WORDS)}
    assert layer.vectors.tolist() == np.eye(len(WORDS), DIM).tolist()
    assert layer.offsets.tolist() == [0.0 if n == 1 else n / 2 for n in range(len(WORDS))]
    assert not plain.offsets.any()


def test_a_product_of_many_photos_leaves_room_for_others(
    small: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here all of the first photos are of one product."""
    asked: list[int] = []
    real = VectorStore.search

    def crowded(
        store: VectorStore, collection: str, vectors: np.ndarray, k: int, *args: Any, **options: Any
    ) -> list[list[Hit]]:
        asked.append(k)
        [hits] = real(store, collection, vectors, 1, *args, **options)
        crowd = [Hit(hits[0].facts | {"image_id": str(n)}, 1.0) for n in range(60)]
        return [(crowd + real(store, collection, vectors, 96, *args, **options)[0])[:k]]

    indexed = small.lake.run(search(wanted(small, words="dress"))["index"])
    monkeypatch.setattr(VectorStore, "search", crowded)
    collection, fingerprint = indexed.result["collection"], indexed.result["fingerprint"]
    dress = np.array([small.meaning("dress")], np.float32)
    with VectorStore(load_settings(lake=small.lake.uri).milvus_uri) as store:
        hits = products_found(store, collection, dress[0], 10, fingerprint=fingerprint)

    assert len({hit.facts["product_id"] for hit in hits}) == 10
    assert asked == [40, 96]


def test_what_is_asked_for_and_nowhere_is_said(small: SmallLake) -> None:
    """Hits that show all words come first; of the others not one is as good as they are."""
    result = search(wanted(small, words="coat", k=24))
    hits = result["hits"]

    kinds = {product.product_id: kind for product, kind, *_ in small.products}
    assert {kinds[hit["product_id"]] for hit in hits if not hit["unlike"]} >= {"coat"}
    assert all(hit["unlike"] == (hit["match"] <= round(result["chance"], 4)) for hit in hits)
    assert sum(hit["unlike"] for hit in hits) > 12 and [hit["unlike"] for hit in hits] == sorted(
        hit["unlike"] for hit in hits
    )


def test_an_index_of_an_earlier_version_is_searched_by_cosine_alone(
    small: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.queries.search.likelihoods_of", lambda lake, indexed: None)

    result = search(wanted(small, words="red dress", k=3))

    assert [hit["score"] for hit in result["hits"]] == sorted(
        (hit["score"] for hit in result["hits"]), reverse=True
    )
    assert {hit["match"] for hit in result["hits"]} == {None}


def test_an_index_that_is_not_live_is_searched_by_its_run_and_no_other_run_is(small: SmallLake) -> None:
    live = search(wanted(small, words="dress", k=3))
    other = load_collection.fn(IndexParameters(lake=small.lake.uri))

    named = search(wanted(small, words="dress", k=3, index=other["run_id"]))

    assert named["collection"] == other["collection"] != live["collection"]
    assert search(wanted(small, words="dress", k=3)) == live
    with pytest.raises(LakeError, match="is a run of label, not an index"):
        search(wanted(small, words="dress", index=small.labels.run_id))


def test_other_forms_of_words_are_read_and_near_ones_named(small: SmallLake) -> None:
    result = search(wanted(small, words="reds summerdress woolen", k=1))

    assert result["read_as"]["summerdress"] == ["summer", "dress"]
    assert search(wanted(small, words="dresss coat", k=1))["hits"]
    with pytest.raises(InputError, match="learnt none of them; near gren are green"):
        search(wanted(small, words="gren"))


def test_hits_that_chance_explains_are_marked(small: SmallLake) -> None:
    result = search(wanted(small, words="dress", k=24))

    unlike = [hit["unlike"] for hit in result["hits"]]
    assert not unlike[0] and unlike == sorted(unlike) and unlike[-1]
    assert all(hit["unlike"] == (hit["score"] <= result["chance"]) for hit in result["hits"])


def test_unknown_stock_is_null_and_a_filter_can_take_it_in(small: SmallLake) -> None:
    def found(where: str) -> int:
        return len(search(wanted(small, words="dress", where=where, k=24))["hits"])

    assert search(wanted(small, words="dress", k=1))["hits"][0]["in_stock"] is None
    assert (found("in_stock == true"), found("in_stock == true or in_stock is null")) == (0, 24)


def refused(*words: str) -> str:
    done = vitrine("search", *words, "--json")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    message: str = json.loads(done.stdout)["error"]["message"]
    assert f"vitrine: {message}" in done.stderr.splitlines()
    return message


def test_what_is_no_photo_is_refused_by_its_name(small: SmallLake, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# words")
    lake = ("--lake", small.lake.uri)

    message = refused(str(tmp_path / "README.md"), *lake)

    assert message == f"{tmp_path}/README.md: is no photo (cannot identify image file)"
    address = "https://cdn.example//a/b.jpg?x=1"
    assert refused(address, *lake) == f"{address}: is an address; save the photo and give the file"
    assert "no such index" in refused("--words", "dress", "--milvus", f"{tmp_path}/x.db", *lake)
    assert not (tmp_path / "x.db").exists()
