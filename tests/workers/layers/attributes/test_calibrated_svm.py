"""workers/layers/attributes/calibrated_svm.py: what it tells, how sure it is, and what it does with next to nothing."""

import numpy as np

from workers.layers.attributes.calibrated_svm import calibrated_svm


def clouds(count: int, distance: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    true = np.arange(count) % 4 == 0
    vectors = random.normal(0, 1, (count, 5)).astype(np.float32)
    vectors[:, 0] += distance * true
    return vectors, true


def test_its_chances_are_right_as_often_as_they_say() -> None:
    vectors, true = clouds(2000, 2.0)

    svm = calibrated_svm(vectors[:1000], true[:1000], 1.0)

    chance = 1 / (1 + np.exp(-(vectors[1000:] @ svm.weights + svm.bias)))
    assert ((chance > 0.5) == true[1000:]).mean() > 0.85
    assert abs(chance.mean() - true[1000:].mean()) < 0.05
    sure = chance > 0.8
    assert sure.sum() > 50 and true[1000:][sure].mean() > 0.75
    nats = -np.log(np.where(true[1000:], chance, 1 - chance)).mean()
    assert abs(nats - svm.loss) < 0.06


def test_of_two_photos_it_learns_how_rare_they_are_and_of_none_nothing() -> None:
    vectors, true = clouds(40, 2.0)
    few = np.zeros(40, bool)
    few[:2] = True

    rare, nothing = calibrated_svm(vectors, few, 1.0), calibrated_svm(vectors[:0], true[:0], 1.0)

    assert not rare.weights.any() and abs(1 / (1 + np.exp(-rare.bias)) - 3 / 42) < 1e-9
    assert not nothing.weights.any() and nothing.bias == 0 and nothing.loss == 0


def test_the_same_photos_give_the_same_svm() -> None:
    one, same = (calibrated_svm(*clouds(200, 1.0), 1.0) for _ in range(2))

    assert np.array_equal(one.weights, same.weights) and one.bias == same.bias
