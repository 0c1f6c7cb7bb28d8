"""What is learnt comes from the words: shuffled text teaches nothing."""

from dataclasses import replace

import numpy as np

from tests.workers.training.tiny_training import CPU, SHORT, Config, examples, tiny
from workers.data.columns import Csr
from workers.data.dataloader import BatchLoader
from workers.training.photo_vectors import photo_vectors
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import TrainLoop

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
    training = replace(SHORT, frozen_epochs=0, epochs=12, learning_rate=0.03, schedule="cosine", batch=16)
    method, photos = tiny(Config(dropout=0.0), 4), len(pixels)
    starts = np.arange(photos + 1)
    learnt = examples(photos).with_columns({"words": Csr(starts, words_of.astype(np.int32), 4)})
    nothing = learnt.take(np.empty(0, np.int64))
    TrainLoop(
        TrainStep(method, training, CPU),
        BatchLoader(pixels, learnt, training.batch, training.seed, method=method),
        BatchLoader(pixels[:0], nothing, training.batch, training.seed),
        pack=bytes,
        save_checkpoint=lambda progress: None,
        on_progress=lambda event: None,
    ).run()
    seen, colours = garments(400, 99)
    scores = photo_vectors(method, seen, CPU, False) @ method.word_vectors().numpy().T
    return float((scores.argmax(1) == colours).mean())


def test_words_are_learnt_and_shuffled_words_fall_to_chance() -> None:
    pixels, colours = garments(400, 1)
    shuffled = [np.random.default_rng(seed).permutation(colours) for seed in range(8)]

    by_chance = [named_right(words, pixels) for words in shuffled]

    assert named_right(colours, pixels) > 0.95
    # Four words: chance is a quarter. One shuffle gives whole colours to words, so their mean is looked at.
    assert 0.1 < np.mean(by_chance) < 0.4
    assert max(by_chance) < 0.6
