"""workers/training/word_auc.py, and that what is learnt comes from the words: shuffled text teaches nothing."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.workers.training.tiny_training import Config, Tiny, examples, pixels
from workers.data.dataloader import feed_of
from workers.data.dataset import Examples
from workers.data.sampler import Bags
from workers.training.train_loop import Fit
from workers.training.train_step import Learner
from workers.training.word_auc import embedded, typical_scores, word_aucs, word_scores

CPU = torch.device("cpu")


def slow_auc(scores: np.ndarray, hot: np.ndarray) -> float:
    pairs = [(a, b) for a in scores[hot] for b in scores[~hot]]
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)


def test_auc_is_the_share_of_pairs_in_the_right_order_ties_half() -> None:
    random = np.random.default_rng(0)
    scores = random.integers(0, 6, (40, 7)).astype(np.float32)  # many ties
    hot = random.random((40, 7)) < 0.3

    found = word_aucs(scores, hot)

    expected = [slow_auc(scores[:, word], hot[:, word]) for word in range(7)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_auc_of_perfect_reversed_and_constant_scores() -> None:
    hot = np.array([[1, 1, 1, 1, 0]] * 2 + [[0, 0, 0, 1, 0]] * 3, bool)
    scores = np.stack(
        [hot[:, 0] * 1.0, hot[:, 1] * -1.0, np.zeros(5), np.arange(5.0), np.arange(5.0)], axis=1
    ).astype(np.float32)

    found = word_aucs(scores, hot)

    assert found[:3].tolist() == [1.0, 0.0, 0.5]
    assert np.isnan(found[3:]).all()  # all photos have the word, and none


def test_word_scores_of_photos_and_words_in_one_space() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2]]
    words = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0]], np.float32)
    bags = Bags.of([[0, 2], [0], [1], [1], [2]], 3)

    positives, aucs = word_scores(vectors, words, bags)

    assert positives.tolist() == [2, 2, 2]
    # word 2 scores -1, -1, 0, 0, 0 and stands with photos 0 and 4: pairs 0 of 3, 2.5 halves... by hand:
    # photo 0 (-1) against 1 (-1), 2, 3 (0): a half; photo 4 (0) against the same: 1 + a half + a half
    np.testing.assert_allclose(aucs, [1.0, 1.0, 2.5 / 6])


def test_typical_scores_are_means_over_the_photos_that_have_the_word() -> None:
    module, photos = Tiny(Config(), 5), pixels(150)  # more than two batches
    few = examples(150, words=4)  # word 4 stands nowhere

    sums, counts = typical_scores(module, photos, Bags(few.starts, few.words, 5), 8, CPU, False)

    scores = embedded(module, photos, 8, CPU, False) @ module.word_vectors().numpy().T
    bags = [set(few.words[first:last]) for first, last in pairwise(few.starts)]
    for word in range(5):
        mine = [scores[n, word] for n, bag in enumerate(bags) if word in bag]
        assert counts[word] == len(mine)
        assert sums[word] == pytest.approx(sum(mine), abs=1e-5)
    assert counts[4] == 0


def test_photos_that_are_kept_larger_are_seen_at_the_size_of_embedding() -> None:
    module, small = Tiny(Config(), 5), pixels(70)
    large = small.repeat(2, 2).repeat(2, 3)  # every pixel four times

    found = embedded(module, large, 8, CPU, False)

    shrunk = F.interpolate(
        torch.from_numpy(large).float() / 255, size=(8, 8), mode="bilinear", antialias=True
    )
    np.testing.assert_allclose(found, module.embed(shrunk).detach().numpy(), atol=1e-5)
    similar = (found * embedded(module, small, 8, CPU, False)).sum(1)
    assert similar.mean() > 0.95


COLOURS = np.array([[220, 30, 30], [30, 200, 40], [40, 60, 230], [230, 220, 50]], np.uint8)


def garments(photos: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Squares of four colours on noise: pixels (N, 3, 8, 8) and the colour of each."""
    random = np.random.default_rng(seed)
    colours = random.integers(0, 4, photos)
    pixels = random.integers(90, 160, (photos, 3, 8, 8), np.uint8)
    pixels[:, :, 2:6, 2:6] = COLOURS[colours][:, :, None, None]
    return pixels, colours


def named_right(words_of: np.ndarray, pixels: np.ndarray) -> float:
    """Share of new garments whose colour is the best of the words, after learning from `words_of`."""
    config = Config(frozen_epochs=0, epochs=12, dropout=0.0, learning_rate=0.03, schedule="cosine", batch=16)
    module, photos = Tiny(config, 4), len(pixels)
    learnt = replace(examples(photos), starts=np.arange(photos + 1), words=words_of.astype(np.int32))
    feed = feed_of(pixels, learnt, config, 4, module=module)
    nothing: Examples = learnt.take(np.empty(0, np.int64))
    Fit(
        Learner(module, config, torch.device("cpu")),
        feed,
        replace(feed, pixels=pixels[:0], examples=nothing, order=replace(feed.order, draws=0)),
        pack=bytes,
        keep=lambda progress: None,
        tell=lambda event: None,
    ).run()
    seen, colours = garments(400, 99)
    scores = embedded(module, seen, 8, CPU, False) @ module.word_vectors().numpy().T
    return float((scores.argmax(1) == colours).mean())


def test_words_are_learnt_and_shuffled_words_fall_to_chance() -> None:
    pixels, colours = garments(400, 1)
    shuffled = [np.random.default_rng(seed).permutation(colours) for seed in range(8)]

    by_chance = [named_right(words, pixels) for words in shuffled]

    assert named_right(colours, pixels) > 0.95
    # Four words: chance is a quarter. One shuffle gives whole colours to words, so their mean is looked at.
    assert 0.1 < np.mean(by_chance) < 0.4
    assert max(by_chance) < 0.6
