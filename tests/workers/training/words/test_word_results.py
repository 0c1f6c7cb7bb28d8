"""workers/training/words/word_results.py: figures per word, on the photos that are there for them."""

import numpy as np

from tests.workers.training.tiny_training import CPU, VOCABULARY, examples, pixels, tiny
from workers.data.dataloader import BatchLoader
from workers.training.photo_vectors import photo_vectors
from workers.training.words.logit_adjustment import offsets, typical_scores
from workers.training.words.word_auc import FEWEST, word_scores
from workers.training.words.word_results import WordMeasure


def loader(photos: int, seed: int) -> BatchLoader:
    return BatchLoader(pixels(photos, seed), examples(photos, seed), 8)


def test_words_are_scored_on_held_out_photos_or_on_learnt_ones_where_those_are_few() -> None:
    method, train = tiny(), loader(70, 0)
    measure = WordMeasure(method, CPU, False, 1)
    words = method.word_vectors().numpy()
    for held_out, scored in ((loader(FEWEST, 1), loader(FEWEST, 1)), (loader(FEWEST - 1, 1), train)):
        results = measure.results(train, held_out, None)

        vectors = photo_vectors(method, scored.pixels, CPU, False)
        positives, aucs = word_scores(vectors, words, scored.dataset.sparse("words"))
        assert results.positives.tolist() == positives.tolist()
        np.testing.assert_array_equal(results.aucs, aucs)
        assert np.isnan(results.offsets).all() and len(results.offsets) == VOCABULARY


def test_offsets_are_measured_on_the_photos_that_were_learnt_from() -> None:
    method, train = tiny(), loader(70, 0)

    results = WordMeasure(method, CPU, False, 1).results(train, loader(60, 1), 0.5)

    sums, counts = typical_scores(method, train.pixels, train.dataset.sparse("words"), CPU, False)
    np.testing.assert_array_equal(results.offsets, offsets(sums, counts, 0.5))
