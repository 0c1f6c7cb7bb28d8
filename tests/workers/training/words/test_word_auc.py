"""workers/training/words/word_auc.py: how well photos tell each word."""

import numpy as np

from workers.data.columns import Csr
from workers.training.words.word_auc import word_aucs, word_scores


def slow_auc(scores: np.ndarray, hot: np.ndarray) -> float:
    pairs = [(a, b) for a in scores[hot] for b in scores[~hot]]
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)


def test_auc_is_the_share_of_pairs_in_the_right_order_ties_half() -> None:
    random = np.random.default_rng(0)
    scores = random.integers(0, 6, (40, 7)).astype(np.float32)  # many ties
    hot = random.random((40, 7)) < 0.3

    aucs = word_aucs(scores, hot)

    expected = [slow_auc(scores[:, word], hot[:, word]) for word in range(7)]
    np.testing.assert_allclose(aucs, expected, rtol=1e-12)


def test_auc_of_perfect_reversed_and_constant_scores() -> None:
    hot = np.array([[1, 1, 1, 1, 0]] * 2 + [[0, 0, 0, 1, 0]] * 3, bool)
    scores = np.stack(
        [hot[:, 0] * 1.0, hot[:, 1] * -1.0, np.zeros(5), np.arange(5.0), np.arange(5.0)], axis=1
    ).astype(np.float32)

    aucs = word_aucs(scores, hot)

    assert aucs[:3].tolist() == [1.0, 0.0, 0.5]
    assert np.isnan(aucs[3:]).all()  # all photos have the word, and none


def test_word_scores_of_photos_and_words_in_one_space() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2]]
    words = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0]], np.float32)
    bags = Csr.of([[0, 2], [0], [1], [1], [2]], 3)

    positives, aucs = word_scores(vectors, words, bags)

    assert positives.tolist() == [2, 2, 2]
    # word 2 scores -1, -1, 0, 0, 0 and stands with photos 0 and 4: pairs 0 of 3, 2.5 halves... by hand:
    # photo 0 (-1) against 1 (-1), 2, 3 (0): a half; photo 4 (0) against the same: 1 + a half + a half
    np.testing.assert_allclose(aucs, [1.0, 1.0, 2.5 / 6])
