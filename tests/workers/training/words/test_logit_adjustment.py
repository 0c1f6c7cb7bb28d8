"""workers/training/words/logit_adjustment.py: what a word scores where it stands, and what is taken off for it."""

from itertools import pairwise

import numpy as np
import pytest

from tests.workers.training.tiny_training import CPU, examples, pixels, tiny
from workers.training.photo_vectors import photo_vectors
from workers.training.words.logit_adjustment import offsets, typical_scores


def test_typical_scores_are_means_over_the_photos_that_have_the_word() -> None:
    method, photos = tiny(), pixels(150)  # more than two batches
    bags = examples(150, words=4).sparse("words")  # word 4 stands nowhere

    sums, counts = typical_scores(method, photos, bags, CPU, False)

    scores = photo_vectors(method, photos, CPU, False) @ method.word_vectors().numpy().T
    words = [set(bags.ids[first:last]) for first, last in pairwise(bags.starts)]
    for word in range(5):
        mine = [scores[n, word] for n, own in enumerate(words) if word in own]
        assert counts[word] == len(mine)
        assert sums[word] == pytest.approx(sum(mine), abs=1e-5)
    assert counts[4] == 0


def test_offsets_take_a_share_of_the_mean_and_of_the_middle_one_where_nothing_was_measured() -> None:
    sums, counts = np.array([2.0, 9.0, 0.0, 1.0]), np.array([1, 3, 0, 1])

    np.testing.assert_allclose(offsets(sums, counts, 0.5), [-1.0, -1.5, -1.0, -0.5])
    assert offsets(np.zeros(2), np.zeros(2, np.int64), 0.5).tolist() == [0, 0]
