"""workers/score.py, workers/nearest.py, workers/zero_shot.py: numbers worked by hand and slow loops."""

import numpy as np
import pytest

from workers import nearest
from workers.nearest import best, pessimistic_ranks, similarities
from workers.score import found_at, interval, label_found_at, precision_at
from workers.zero_shot import label_scores, label_vectors, words_vector


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


def test_labels_are_the_mean_of_their_known_words_and_unknown_ones_are_listed() -> None:
    ids, words = {"shoe": 0, "casual": 1, "red": 2}, at(0, 90, 45)

    vectors, unknown = label_vectors(["Casual Shoes", "Umbrella", "RED"], ids, words)

    np.testing.assert_allclose(vectors[0], (words[0] + words[1]) / 2)
    np.testing.assert_allclose(vectors[2], words[2])
    assert unknown == ["Umbrella"]
    scores = label_scores(at(45), vectors)
    assert scores[0, 1] == -np.inf
    assert scores[0].argmax() == 2


def test_a_query_in_words_is_the_direction_between_them() -> None:
    vector, unknown = words_vector("red, zebra dresses", {"red": 0, "dress": 1}, 3 * at(0, 90))

    np.testing.assert_allclose(vector, at(45)[0], atol=1e-6)
    assert unknown == ["zebra"]
    assert words_vector("zebra", {"red": 0}, at(0))[0] is None
