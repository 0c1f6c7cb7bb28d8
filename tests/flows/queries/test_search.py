"""flows/queries/search.py on a small lake and Milvus Lite: words and filters, and what cannot be searched for."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flows.parameters.retrieval import IndexParameters, SearchParameters
from flows.queries.search import search, word_layer
from flows.retrieval.index import load_collection
from schemas.errors import InputError, LakeError
from schemas.score import WORD_SCORES
from schemas.vector import word_vectors_schema
from tests.workers.report.small_lake import DIM, WORDS, SmallLake


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """A small lake whose vectors are in Milvus, beside the lake as by default."""
    small = SmallLake(tmp_path_factory.mktemp("search") / "lake")
    load_collection.fn(IndexParameters(lake=small.lake.uri))
    yield small


def wanted(small: SmallLake, **asked: object) -> SearchParameters:
    return SearchParameters.read({"lake": small.lake.uri} | asked)


def test_words_find_products_that_bear_them_each_once_and_best_first(small: SmallLake) -> None:
    result = search(wanted(small, words="red dress", k=3))

    hits = result["hits"]
    assert len({hit["product_id"] for hit in hits}) == len(hits) == 3
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
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
    with pytest.raises(LakeError, match="no committed index"):
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
