"""workers/retrieval/ranking.py against slow loops over the whole similarity matrix, whatever the blocks."""

import numpy as np
import pytest

from workers.retrieval import ranking
from workers.retrieval.ranking import Gallery, rank
from workers.retrieval.score import relevant_ranks


def units(count: int, dim: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=[(2_048, 4_096, 0), (7, 13, 0), (7, 13, 1), (1, 1, 1)], ids=str)
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shape of a block, and whether similarities are looked at row by row or one by one."""
    for name, value in zip(("QUERIES", "PHOTOS", "FEW"), request.param, strict=True):
        monkeypatch.setattr(ranking, name, value)


def test_ranks_and_first_answers_are_those_of_the_whole_matrix(blocks: None) -> None:
    random = np.random.default_rng(0)
    matrix, queries = units(60, 6, 0), units(17, 6, 1)
    matrix[10:14] = matrix[10]  # ties
    rows = random.permutation(60)[:50]
    right = [np.sort(random.choice(50, random.integers(0, 5), replace=False)) for _ in queries]

    found = rank(queries, Gallery(matrix, rows), right, 8)

    whole = queries @ matrix[rows].T
    assert [own.tolist() for own in found.ranks] == [own.tolist() for own in relevant_ranks(whole, right)]
    np.testing.assert_allclose(found.similarities, -np.sort(-whole, axis=1)[:, :8], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(whole, found.answers, 1), found.similarities, atol=1e-6)
    assert found.first.tolist() == [own[0] if len(own) else 0 for own in found.ranks]


def test_a_product_stands_where_its_best_photo_does_and_the_query_finds_others_than_itself(
    blocks: None,
) -> None:
    random = np.random.default_rng(3)
    matrix = units(70, 5, 2)
    starts = np.sort(np.concatenate([[0], random.choice(np.arange(1, 70), 24, replace=False)]))
    product = np.searchsorted(starts, np.arange(70), "right") - 1
    itself = np.array([3, -1, 40, 69, -1, 0])
    queries = np.where(itself[:, None] >= 0, matrix[itself], units(6, 5, 9))
    right = [np.array([product[n]]) if n >= 0 else np.array([4]) for n in itself]

    found = rank(queries, Gallery(matrix, np.arange(70), starts), right, 6, itself)

    for query, own, ranks, answers in zip(range(6), right, found.ranks, found.answers, strict=True):
        scores = queries[query] @ matrix.T
        if itself[query] >= 0:
            scores[itself[query]] = -np.inf
        best = np.array([scores[product == n].max() for n in range(25)])
        assert answers.tolist() == np.argsort(-best)[:6].tolist()
        alone = not np.isfinite(best[own[0]])
        assert ranks.tolist() == ([] if alone else [1 + int((best > best[own[0]]).sum())])


def test_one_vector_for_everything_finds_nothing(blocks: None) -> None:
    same = np.tile(units(1, 33, 4), (40, 1))

    found = rank(same[:5], Gallery(same, np.arange(40)), [np.array([n]) for n in range(5)], 3)

    assert [own.tolist() for own in found.ranks] == [[40]] * 5


def test_a_photo_without_a_vector_and_an_empty_gallery_answer_nothing() -> None:
    matrix = units(3, 4, 0)

    found = rank(matrix[:1], Gallery(matrix, np.array([-1, 1])), [np.array([0])], 5)
    nothing = rank(matrix[:1], Gallery(matrix, np.empty(0, np.int64)), [np.empty(0, np.int64)], 5)

    assert found.similarities[0, list(found.answers[0]).index(0)] == 0
    assert (nothing.answers.shape, nothing.first.tolist()) == ((1, 0), [0])
