"""Chances that a photo's product bears a word: planted ones are found, and several words must all be seen."""

import itertools

import numpy as np
import pytest

from workers.data.columns import Csr
from workers.retrieval.word_likelihoods import FLATTEST, WordLikelihoods, fit_likelihoods

RED, DRESS, SUMMER = 0, 1, 2


def drawn(
    n: int, words: np.ndarray, slope: float, heights: np.ndarray, seed: int = 0
) -> tuple[np.ndarray, Csr]:
    """Photos, and words said of them with the chance of a logistic regression on their cosines."""
    random = np.random.default_rng(seed)
    photos = random.normal(size=(n, words.shape[1])).astype(np.float32)
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    cosines = photos @ (words / np.linalg.norm(words, axis=1, keepdims=True)).T
    said = random.random(cosines.shape) < 1 / (1 + np.exp(-(slope * cosines + heights)))
    return photos, Csr.of([np.flatnonzero(row).tolist() for row in said], len(words))


def test_planted_chances_are_found_for_frequent_and_rare_words() -> None:
    words = (
        np.random.default_rng(1).normal(size=(300, 8)).astype(np.float32) * 3
    )  # beyond one piece of the fit
    heights = np.linspace(-4, 1, 300)
    photos, bags = drawn(4_000, words, 6.0, heights)

    fitted = fit_likelihoods(photos, words, bags)

    cosines = photos @ (words / np.linalg.norm(words, axis=1, keepdims=True)).T
    true = 1 / (1 + np.exp(-(6.0 * cosines + heights)))
    found = 1 / (1 + np.exp(-(fitted.slopes * cosines + fitted.intercepts)))
    assert np.abs(found - true).mean() < 0.02
    assert np.abs(fitted.shares - true.mean(0)).max() < 0.05
    one = np.stack([fitted.of_each(photos[:5], words, [[[n]]])[:, 0] for n in (0, 299)])
    np.testing.assert_allclose(one, found[:5, [0, 299]].T, rtol=1e-5)


def test_a_photo_must_look_like_each_of_the_words() -> None:
    """A cosine with the mean of two words takes very much of one for both; chances do not."""
    words = np.eye(3, dtype=np.float32)
    likely = WordLikelihoods(np.full(3, 10.0), np.full(3, -5.0), np.full(3, 0.1))
    photos = np.array([[0.95, 0.1, 0.3], [0.6, 0.6, 0.5]], np.float32)  # a very red shirt, a red dress

    chances = likely.of_each(photos, words, [[[RED]], [[DRESS]]]).prod(1)

    assert chances[1] > 10 * chances[0]
    assert chances[0] < likely.by_chance([[[RED]], [[DRESS]]]).prod() * 3 and likely.by_chance(
        [[[RED]], [[DRESS]]]
    ).prod() == pytest.approx(0.01)
    np.testing.assert_allclose(likely.direction(words, [RED, DRESS]), [2**-0.5, 2**-0.5, 0], rtol=1e-6)


def test_one_way_to_say_a_word_is_enough_and_all_words_of_a_way_must_be_said() -> None:
    """Against each combination counted out: words are independent of each other here."""
    likely = WordLikelihoods(np.full(3, 4.0), np.array([-1.0, 0.0, 1.0]), np.array([0.2, 0.5, 0.7]))
    words, photo = np.eye(3, dtype=np.float32), np.array([[0.6, 0.0, 0.8]], np.float32)
    said = [[[RED], [DRESS, SUMMER]], [[SUMMER]]]

    [one], [two], [three] = (likely.of_each(photo, words, [[[row]]])[:, 0] for row in range(3))
    counted = sum(
        (one if red else 1 - one) * (two if dress else 1 - two) * (three if summer else 1 - three)
        for red, dress, summer in itertools.product((False, True), repeat=3)
        if red or (dress and summer)
    )

    np.testing.assert_allclose(likely.of_each(photo, words, said), [[counted, three]])
    np.testing.assert_allclose(likely.by_chance(said), [1 - 0.8 * (1 - 0.5 * 0.7), 0.7])


def test_a_word_that_photos_do_not_show_orders_nothing_and_keeps_its_share() -> None:
    random = np.random.default_rng(0)
    words = random.normal(size=(2, 6)).astype(np.float32)
    photos, _ = drawn(500, words, 0.0, np.zeros(2))
    opposite = (photos @ words[0] < 0).tolist()  # said where the photo looks least like it

    fitted = fit_likelihoods(photos, words, Csr.of([[0] if here else [] for here in opposite], 2))

    assert fitted.slopes[0] * (photos @ words[0] / np.linalg.norm(words[0])).std() == pytest.approx(FLATTEST)
    chances = fitted.of_each(photos, words, [[[0]]])
    assert np.ptp(chances) < 0.01 and chances.mean() == pytest.approx(fitted.shares[0], abs=0.01)
    never = fitted.of_each(photos, words, [[[1]]])  # said of no photo
    assert 0 < never.max() < 0.01


@pytest.mark.parametrize("photos", [1, 2, 3])
def test_hardly_any_photos_and_equal_ones_give_numbers(photos: int) -> None:
    words = np.eye(2, 4, dtype=np.float32)
    vectors = np.tile(np.array([[1, 0, 0, 0]], np.float32), (photos, 1))

    fitted = fit_likelihoods(vectors, words, Csr.of([[0]] * photos, 2))

    assert np.isfinite([fitted.slopes, fitted.intercepts, fitted.shares]).all()
    assert np.diff(fitted.of_each(vectors, words, [[[1]], [[0]]]))[0] > 0
