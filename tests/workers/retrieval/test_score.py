"""workers/retrieval/score.py and nearest.py: numbers worked by hand, slow loops, and what chance would score."""

import math
from typing import Any

import numpy as np
import pytest

from workers.retrieval import nearest
from workers.retrieval.nearest import best, pessimistic_ranks, similarities
from workers.retrieval.score import (
    Average,
    Measure,
    attribute_recall,
    average_precision,
    average_precision_at_r,
    difference,
    found_at,
    interval,
    label_found_at,
    precision_at,
    r_precision,
    relevant_ranks,
)


def at(*degrees: float) -> np.ndarray:
    """Unit vectors at these angles, so that a reader sees who is near whom."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def test_three_queries_against_five_photos_by_hand() -> None:
    queries, gallery = at(0, 90, 180), at(5, 20, 80, 120, 200)
    right = [np.array([1]), np.array([2, 3]), np.array([0])]

    [(_, block)] = similarities(queries, gallery)
    ranks = pessimistic_ranks(block, right)

    assert ranks.tolist() == [2, 1, 5]
    assert found_at(1, ranks).tolist() == [0, 1, 0]
    assert found_at(2, ranks).mean() == pytest.approx(2 / 3)


def test_a_model_that_gives_everything_one_vector_finds_nothing() -> None:
    same = np.ones((4, 2), np.float32)

    [(_, block)] = similarities(same, same)
    ranks = pessimistic_ranks(block, [np.array([n]) for n in range(4)])

    assert ranks.tolist() == [4, 4, 4, 4]
    assert found_at(1, ranks).mean() == 0


def test_ranks_equal_those_of_a_slow_loop() -> None:
    random = np.random.default_rng(0)
    block = random.integers(0, 5, (30, 40)).astype(np.float32)
    right = [random.choice(40, random.integers(0, 4), replace=False) for _ in range(30)]

    slow = []
    for row, those in zip(block, right, strict=True):
        bar = max((row[n] for n in those), default=None)
        wrong = [n for n in range(40) if n not in set(those.tolist())]
        slow.append(0 if bar is None else 1 + sum(row[n] >= bar for n in wrong))

    assert pessimistic_ranks(block, right).tolist() == slow


def test_a_query_whose_product_is_not_there_is_a_miss() -> None:
    ranks = pessimistic_ranks(np.zeros((1, 3), np.float32), [np.array([], np.int64)])

    assert ranks.tolist() == [0]
    assert found_at(50, ranks).tolist() == [0]


def test_pieces_cover_every_query_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    queries, gallery = (
        random.normal(size=(10, 4)).astype(np.float32),
        random.normal(size=(7, 4)).astype(np.float32),
    )
    monkeypatch.setattr(nearest, "CHUNK_BYTES", 4 * 7 * 3)

    pieces = list(similarities(queries, gallery))

    assert [piece.stop - piece.start for piece, _ in pieces] == [3, 3, 3, 1]
    np.testing.assert_allclose(np.concatenate([block for _, block in pieces]), queries @ gallery.T, atol=1e-5)
    places, values = best(pieces[0][1], 50)
    assert places.shape == (3, 7)
    assert (np.diff(values, axis=1) <= 0).all()


def test_precision_by_hand_and_short_lists_are_refused() -> None:
    assert precision_at(2, [["a", "b", "a"], ["b", "b"]], ["a", "b"]).tolist() == [0.5, 1.0]
    with pytest.raises(ValueError, match="shorter than k = 3"):
        precision_at(3, [["a"]], ["a"])


def test_a_label_tied_with_another_counts_against_us() -> None:
    scores = np.array([[3, 2, 1], [1, 1, 1], [-np.inf, 2, 1]], np.float32)

    assert label_found_at(1, scores, np.array([0, 0, 0])).tolist() == [1, 0, 0]
    assert label_found_at(3, scores, np.array([2, 0, 0])).tolist() == [1, 1, 0]


def test_the_interval_counts_products_and_not_photos() -> None:
    random = np.random.default_rng(0)
    values = np.repeat((random.random(100) < 0.5).astype(float), 20)  # 20 equal photos of each product
    low, high = interval(values, np.repeat(np.arange(100), 20).tolist())
    naive_low, naive_high = interval(values, list(range(2000)))

    assert low < values.mean() < high
    assert 0.15 < high - low < 0.25  # 1.96 * 2 * sqrt(0.25 / 100) = 0.196
    assert (naive_high - naive_low) < 0.3 * (high - low)


def test_the_gain_over_a_rival_is_settled_query_by_query() -> None:
    random = np.random.default_rng(0)
    hard = random.random(400)  # what both find hard
    rival = (hard < 0.5).astype(float)
    own = np.where(random.random(400) < 0.08, 1.0, rival)  # the same, and now and then one more
    clusters = list(range(400))

    gain, low, high = difference(own, rival, clusters)

    assert gain == pytest.approx(own.mean() - rival.mean())
    assert 0 < low < gain < high
    assert interval(own, clusters)[0] < interval(rival, clusters)[1]  # the two intervals alone overlap
    assert difference(rival, own, clusters)[0] == pytest.approx(-gain)
    assert difference(own, own, clusters) == (0, 0, 0)
    with pytest.raises(ValueError, match="400 and 399 queries"):
        difference(own, rival[1:], clusters)


# Three queries, five photos. Right: 1 and 3; 4; 0, 3 and 4, where 0 is tied with the wrong 1 and 2.
SCORES_BY_HAND = np.array([[0.9, 0.8, 0.7, 0.6, 0.5], [1, 2, 3, 4, 5], [0.5, 0.5, 0.5, 0.1, 0.9]], np.float32)
RIGHT_BY_HAND = [np.array([1, 3]), np.array([4]), np.array([0, 3, 4])]


def test_whole_rankings_by_hand() -> None:
    ranks = relevant_ranks(SCORES_BY_HAND, RIGHT_BY_HAND)

    assert [own.tolist() for own in ranks] == [[2, 4], [1], [1, 4, 5]]
    assert r_precision(ranks).tolist() == pytest.approx([1 / 2, 1, 1 / 3])
    assert average_precision_at_r(ranks).tolist() == pytest.approx([(1 / 2) / 2, 1, 1 / 3])
    assert average_precision(ranks).tolist() == pytest.approx(
        [(1 / 2 + 2 / 4) / 2, 1, (1 + 2 / 4 + 3 / 5) / 3]
    )


def test_a_query_without_a_right_photo_scores_zero_everywhere() -> None:
    ranks = relevant_ranks(np.ones((1, 4), np.float32), [np.array([], np.int64)])

    for score in (r_precision, average_precision_at_r, average_precision):
        assert score(ranks).tolist() == [0]


def test_the_first_of_all_ranks_is_the_rank_of_the_best() -> None:
    random = np.random.default_rng(1)
    block = random.integers(0, 6, (40, 30)).astype(np.float32)
    right = [random.choice(30, random.integers(1, 6), replace=False) for _ in range(40)]

    ranks = relevant_ranks(block, right)

    assert [own[0] for own in ranks] == pessimistic_ranks(block, right).tolist()
    for own, row, those in zip(ranks, block, right, strict=True):
        assert (np.diff(own) > 0).all()
        wrong = np.delete(row, those)
        slow = [n + 1 + (wrong >= score).sum() for n, score in enumerate(sorted(row[those], reverse=True))]
        assert own.tolist() == slow


def test_one_vector_for_everything_is_the_worst_ranking_there_is() -> None:
    right = [np.array([0, 1]), np.array([2])]
    ranks = relevant_ranks(np.ones((2, 6), np.float32), right)

    assert [own.tolist() for own in ranks] == [[5, 6], [6]]
    assert r_precision(ranks).tolist() == [0, 0]
    assert average_precision_at_r(ranks).tolist() == [0, 0]


def test_random_vectors_score_what_chance_says() -> None:
    random, count, gallery, there_are = np.random.default_rng(0), 4000, 20, 3
    block = random.random((count, gallery)).astype(np.float32)
    ranks = relevant_ranks(block, [np.arange(there_are)] * count)

    first = np.array([own[0] for own in ranks])
    for k in (1, 5):
        missed = math.comb(gallery - there_are, k) / math.comb(gallery, k)
        assert found_at(k, first).mean() == pytest.approx(1 - missed, abs=4 * 0.5 / math.sqrt(count))
    assert r_precision(ranks).mean() == pytest.approx(there_are / gallery, abs=4 * 0.3 / math.sqrt(count))
    # E[mAP@R] = (1/R) sum over i <= R of P(hit i right) * E[P@i given that], the others being drawn anew.
    expected = sum((1 + (i - 1) * (there_are - 1) / (gallery - 1)) / i for i in (1, 2, 3)) / gallery
    assert average_precision_at_r(ranks).mean() == pytest.approx(expected, abs=4 * 0.3 / math.sqrt(count))


# Three photos, five attributes: the first has 0 and 2, the second 0, 3 and 4, the third 0 and 1, tied.
ATTRIBUTE_SCORES = np.array([[5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [3, 3, 1, 2, 0]], np.float32)
ATTRIBUTES = np.array([[1, 0, 1, 0, 0], [1, 0, 0, 1, 1], [1, 1, 0, 0, 0]], bool)


def test_the_four_recalls_of_attributes_by_hand() -> None:
    """Found among the first 2: 0 | 3 and 4 | 0 and 1."""
    found = {
        name: attribute_recall(2, ATTRIBUTE_SCORES, ATTRIBUTES, average=name)
        for name in ("micro", "image", "macro", "mmfashion")
    }

    assert found["micro"] == pytest.approx(5 / 7)
    assert found["image"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found["macro"] == pytest.approx((2 / 3 + 1 + 0 + 1 + 1) / 5)
    assert found["mmfashion"] == found["macro"]  # fewer than 50 attributes


def test_mmfashion_looks_at_its_fifty_best_attributes_only() -> None:
    truth = np.eye(60, dtype=bool)
    scores = np.where(np.arange(60)[:, None] < 50, np.eye(60), -np.eye(60)).astype(np.float32)

    assert attribute_recall(1, scores, truth, average="mmfashion") == 1
    assert attribute_recall(1, scores, truth, average="macro") == pytest.approx(50 / 60)


@pytest.mark.parametrize("average", ["micro", "image", "macro", "mmfashion"])
def test_recall_of_attributes_grows_with_k_to_all_of_them(average: Average) -> None:
    random = np.random.default_rng(0)
    scores = random.integers(0, 4, (50, 12)).astype(np.float32)  # with ties
    truth = random.random((50, 12)) < 0.2

    found = [attribute_recall(k, scores, truth, average=average) for k in range(1, 13)]

    assert found == sorted(found)
    assert found[0] < 1
    assert found[-1] == 1
    collapsed = attribute_recall(1, np.ones_like(scores), truth, average=average)
    assert collapsed == 0
    assert np.isnan(attribute_recall(1, scores, np.zeros_like(truth), average=average))


def test_all_attributes_together_never_beat_their_groups() -> None:
    random = np.random.default_rng(2)
    scores = random.integers(0, 9, (80, 15)).astype(np.float32)
    truth = random.random((80, 15)) < 0.25
    groups = [slice(0, 4), slice(4, 9), slice(9, 15)]

    for k in (1, 3, 5):
        parts = sum(
            truth[:, own].sum() * attribute_recall(k, scores[:, own], truth[:, own], average="micro")
            for own in groups
        )
        assert attribute_recall(k, scores, truth, average="micro") <= parts / truth.sum() + 1e-9


def test_with_one_attribute_a_photo_micro_is_top_k_accuracy() -> None:
    random = np.random.default_rng(3)
    scores = random.integers(0, 5, (60, 7)).astype(np.float32)
    labels = random.integers(0, 7, 60)
    scores[labels == 2, 2] = -np.inf  # a label without a known word

    for k in (1, 3):
        accuracy = label_found_at(k, scores, labels).mean()
        assert attribute_recall(k, scores, np.eye(7, dtype=bool)[labels], average="micro") == pytest.approx(
            accuracy
        )


def test_an_average_that_is_none_and_tables_that_do_not_fit_are_refused() -> None:
    wrong: Any = "weighted"
    with pytest.raises(ValueError, match="there are micro, image, macro, mmfashion"):
        attribute_recall(1, ATTRIBUTE_SCORES, ATTRIBUTES, average=wrong)
    with pytest.raises(ValueError, match="differ in shape"):
        attribute_recall(1, ATTRIBUTE_SCORES, ATTRIBUTES[:2], average="micro")


def test_a_measure_becomes_a_row_with_its_mean() -> None:
    row = Measure("item-retrieval", "all", "recall", 5, np.array([1.0, 0.0, 1.0, 1.0]), list("abcd")).row(
        "f", "m"
    )

    assert (row["value"], row["n"], row["k"], row["method"]) == (0.75, 4, 5, "m")
    assert 0 <= row["ci_low"] < 0.75 < row["ci_high"] <= 1
    nothing = Measure("item-retrieval", "all", "recall", 5, np.array([]), []).row("f", "m")
    assert nothing["n"] == 0
    assert np.isnan(nothing["value"])
