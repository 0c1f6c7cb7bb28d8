"""Attribute recall in its four averages and category accuracy: by hand, beside a slow count, and with ties."""

import numpy as np
import pytest
from numpy.typing import NDArray

from workers.retrieval.protocols.categories_and_attributes import (
    AVERAGES,
    AttributeRanks,
    category_ratios,
    group_of,
)
from workers.retrieval.score import Average, attribute_recall

# Three photos, four attributes. Best first: d c b a; b a d c; a c d b.
SCORES = np.array([[1, 2, 3, 4], [3, 4, 1, 2], [9, 1, 5, 3]], np.float32)
HAS = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0]], bool)


@pytest.mark.parametrize(
    ("average", "at_1", "at_2", "at_3"),
    [
        # Found at 1: photo 0 d, photo 1 b; at 2 no more; at 3 photo 1's d; photo 0's a is last.
        ("micro", 2 / 4, 2 / 4, 3 / 4),
        ("image", (1 / 2 + 1 / 2) / 2, 1 / 2, (1 / 2 + 1) / 2),
        # a never, b always, d in one of its two photos, at 3 in both; c does not occur.
        ("macro", (0 + 1 + 1 / 2) / 3, (0 + 1 + 1 / 2) / 3, (0 + 1 + 1) / 3),
        ("mmfashion", (0 + 1 + 1 / 2) / 3, (0 + 1 + 1 / 2) / 3, (0 + 1 + 1) / 3),
    ],
)
def test_a_worked_example(average: Average, at_1: float, at_2: float, at_3: float) -> None:
    ranks = AttributeRanks.of(SCORES, HAS)

    for k, wanted in ((1, at_1), (2, at_2), (3, at_3)):
        assert ranks.recall(k, average).value == pytest.approx(wanted)
    assert ranks.recall(4, average).value == 1
    assert ranks.recall(1, average).photos == 2


def slow_recall(k: int, scores: NDArray[np.float32], has: NDArray[np.bool_], average: Average) -> float:
    """By the definitions, one photo and one attribute after the other."""
    found = np.zeros(has.shape, bool)
    for photo in range(len(scores)):
        order = sorted(range(has.shape[1]), key=lambda a: (-scores[photo, a], has[photo, a], a))
        for attribute in order[:k]:
            found[photo, attribute] = has[photo, attribute] and scores[photo, attribute] > -np.inf
    if average == "micro":
        return float(found.sum() / has.sum())
    if average == "image":
        shares = [found[p].sum() / has[p].sum() for p in range(len(has)) if has[p].any()]
        return float(np.mean(shares))
    shares = [found[:, a].sum() / has[:, a].sum() for a in range(has.shape[1]) if has[:, a].any()]
    return float(np.mean(sorted(shares, reverse=True)[: 50 if average == "mmfashion" else None]))


@pytest.mark.parametrize("average", AVERAGES)
def test_a_slow_count_agrees_ties_and_unknown_attributes_included(average: Average) -> None:
    random = np.random.default_rng(0)
    scores = random.integers(0, 6, (300, 70)).astype(np.float32)  # full of ties
    scores[:, random.choice(70, 5, replace=False)] = -np.inf
    has = random.random((300, 70)) < 0.05
    ranks = AttributeRanks.of(scores, has)
    halves = AttributeRanks.joined(
        [AttributeRanks.of(scores[:120], has[:120]), AttributeRanks.of(scores[120:], has[120:])]
    )

    for k in (1, 3, 5, 70):
        value = ranks.recall(k, average).value
        assert value == pytest.approx(slow_recall(k, scores, has, average))
        assert value == pytest.approx(attribute_recall(k, scores, has, average=average))
        assert value == halves.recall(k, average).value


def test_equal_scores_find_what_is_left_when_all_wrong_ones_are_taken() -> None:
    scores, has = np.zeros((10, 8), np.float32), np.zeros((10, 8), bool)
    has[:, :2] = True

    ranks = AttributeRanks.of(scores, has)

    assert [ranks.recall(k, "micro").value for k in (3, 6, 7, 8)] == [0, 0, 0.5, 1]


def test_all_groups_together_find_no_more_than_each_by_itself() -> None:
    random = np.random.default_rng(1)
    scores, has = random.random((200, 40)).astype(np.float32), random.random((200, 40)) < 0.1
    groups = [slice(0, 10), slice(10, 25), slice(25, 40)]

    for k in (1, 3, 5):
        together = AttributeRanks.of(scores, has).recall(k, "micro").value
        alone = sum(
            has[:, g].sum() / has.sum() * AttributeRanks.of(scores[:, g], has[:, g]).recall(k, "micro").value
            for g in groups
        )
        assert together <= alone


def test_an_average_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="weighted"):
        AttributeRanks.of(SCORES, HAS).recall(1, "weighted")  # type: ignore[arg-type]


def test_category_accuracy_by_hand() -> None:
    scores = np.array([[5, 4, 3], [5, 5, 3], [1, -np.inf, 2], [1, 2, 3]], np.float32)
    true = np.array([0, 0, 1, -1])  # first; tied with another; a name it does not know; nobody knows

    shares = [category_ratios(k, scores, true) for k in (1, 2, 3)]

    assert [share.value for share in shares] == [1 / 3, 2 / 3, 2 / 3]
    assert {share.photos for share in shares} == {3}


def test_groups_are_told_from_names() -> None:
    assert [group_of(name) for name in ("texture: floral print", "v-neck", "part: a: b")] == [
        "texture",
        "",
        "part",
    ]
