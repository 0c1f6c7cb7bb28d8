"""workers/retrieval/probe.py: what a straight line can tell, and that it learns from nothing it must not see."""

import numpy as np
import pytest

from workers.retrieval import probe
from workers.retrieval.probe import fit_probe


def clouds(n: int, labels: int, dim: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Photos (n, dim) around one corner per label, and their labels as text."""
    random = np.random.default_rng(seed)
    corners = np.random.default_rng(99).normal(size=(labels, dim))
    numbers = random.integers(0, labels, n)
    vectors = corners[numbers] + noise * random.normal(size=(n, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.array([f"label {number}" for number in numbers])


def accuracy(fitted: probe.Probe, vectors: np.ndarray, values: np.ndarray) -> float:
    names = sorted(set(values))
    return float((np.array(names)[fitted.scores(vectors, names).argmax(1)] == values).mean())


@pytest.mark.parametrize("labels", [2, 5])
def test_what_lies_apart_is_told_apart_on_photos_not_learnt_from(labels: int) -> None:
    vectors, values = clouds(300, labels, 16, noise=0.3)
    fitted = fit_probe(vectors[:200], values[:200], range(200))

    assert accuracy(fitted, vectors[200:], values[200:]) > 0.97
    assert fitted.labels == tuple(sorted(set(values)))


def test_values_that_say_nothing_about_the_photo_are_not_told() -> None:
    vectors, _ = clouds(600, 4, 16, noise=0.3)
    shuffled = np.random.default_rng(5).permutation([f"value {n % 4}" for n in range(600)])
    fitted = fit_probe(vectors[:400], shuffled[:400], range(400))

    assert accuracy(fitted, vectors[400:], shuffled[400:]) < 0.25 + 4 * np.sqrt(0.25 * 0.75 / 200)


def test_the_penalty_is_the_best_on_groups_set_aside() -> None:
    vectors, values = clouds(240, 3, 32, noise=3.0)
    fitted = fit_probe(vectors, values, range(240))

    assert set(fitted.tried) == set(probe.STRENGTHS)
    assert fitted.tried[fitted.strength] == max(fitted.tried.values())


def test_near_duplicates_stay_on_one_side_of_the_validation() -> None:
    """Ten copies of each photo and values of pure chance: only a leak could tell what is set aside."""
    vectors, _ = clouds(60, 2, 64, noise=5.0)
    values = np.random.default_rng(1).permutation([f"value {n % 2}" for n in range(60)])
    copies = np.repeat(np.arange(60), 10)

    honest = fit_probe(vectors[copies], values[copies], copies)
    leaking = fit_probe(vectors[copies], values[copies], range(600))

    assert max(leaking.tried.values()) > 0.95
    assert max(honest.tried.values()) < 0.9


def test_a_label_that_was_never_shown_has_no_score() -> None:
    vectors, values = clouds(100, 2, 8, noise=0.3)
    fitted = fit_probe(vectors, values, range(100))

    scores = fitted.scores(vectors, ["label 0", "unicorn", "label 1"])

    assert (scores[:, 1] == -np.inf).all()
    assert np.isfinite(scores[:, [0, 2]]).all()


def test_a_dimension_that_never_varies_and_the_scale_of_the_others_change_nothing() -> None:
    vectors, values = clouds(200, 3, 8, noise=0.5)
    stretched = np.concatenate([vectors * 1000 + 7, np.full((200, 1), 0.1, np.float32)], 1)

    plain, other = fit_probe(vectors, values, range(200)), fit_probe(stretched, values, range(200))

    assert np.isfinite(other.scores(stretched, other.labels)).all()
    agree = plain.scores(vectors, plain.labels).argmax(1) == other.scores(stretched, other.labels).argmax(1)
    assert agree.mean() > 0.95


def test_the_same_photos_give_the_same_probe() -> None:
    vectors, values = clouds(150, 3, 8, noise=1.0)
    one, two = (fit_probe(vectors, values, range(150)) for _ in range(2))

    np.testing.assert_array_equal(one.weights, two.weights)


def test_one_value_or_one_group_is_refused() -> None:
    vectors, values = clouds(10, 2, 4, noise=1.0)

    with pytest.raises(ValueError, match="two values and two groups"):
        fit_probe(vectors, ["same"] * 10, range(10))
    with pytest.raises(ValueError, match="two values and two groups"):
        fit_probe(vectors, values, [3] * 10)
