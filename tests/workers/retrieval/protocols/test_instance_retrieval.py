"""In-Shop and Consumer-to-Shop: who asks, who answers, and three queries against five photos by hand."""

import numpy as np
import pytest

from workers.retrieval.protocols.instance_retrieval import Question, Shown, consumer_to_shop, in_shop, scores


def unit(*angles: float) -> np.ndarray:
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], 1).astype(np.float32)


HAND = in_shop(
    [
        *(Shown(f"q{n}", item, "query", "shop") for n, item in enumerate("abc")),
        *(Shown(f"g{n}", item, "gallery", "shop") for n, item in enumerate("aabbc")),
        Shown("t", "a", "train", "shop"),
    ]
)
# By angle. Query a at 0: a 10, b 20, a 30 ... ranks of a 1 and 3. b at 90: c 80, b 70 ... ranks of b 2 and 4.
GALLERY = unit(10, 30, 20, 70, 80)
QUERIES = unit(0, 90, 180)


def test_three_queries_by_hand() -> None:
    found = scores(HAND, QUERIES, GALLERY, (1, 2, 5))

    # a: g0 g2 g1 -> right at 1 and 3. b: g4 g3 g1 g2 -> right at 2 and 4. c at 180: g4 -> right at 1.
    assert found["recall", 1].tolist() == [1, 0, 1]
    assert found["recall", 2].tolist() == [1, 1, 1]
    assert found["r-precision", 0].tolist() == [1 / 2, 1 / 2, 1]
    assert found["map-at-r", 0].tolist() == [1 / 2, 1 / 2 * 1 / 2, 1]


def test_a_slow_ranking_agrees() -> None:
    random = np.random.default_rng(0)
    items = random.integers(0, 12, 80)
    photos = [Shown(str(n), str(item), ("query", "gallery")[n % 2], "shop") for n, item in enumerate(items)]
    question = in_shop(photos)
    vectors = random.integers(-2, 3, (80, 3)).astype(np.float32)  # full of ties
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    queries = vectors[[int(image) for image, _ in question.queries]]
    gallery = vectors[[int(image) for image in question.gallery]]

    found = scores(question, queries, gallery, (1, 10))

    similar = (queries @ gallery.T).round(5)
    for row, (_, item) in enumerate(question.queries):
        right = [str(items[int(image)]) == item for image in question.gallery]
        order = sorted(range(len(right)), key=lambda place: (-similar[row, place], right[place]))
        hits = [right[place] for place in order]
        total = sum(hits)
        for k in (1, 10):
            assert found["recall", k][row] == any(hits[:k])
        assert found["r-precision", 0][row] == pytest.approx(sum(hits[:total]) / total if total else 0)
        precision = [sum(hits[: i + 1]) / (i + 1) * hits[i] for i in range(total)]
        assert found["map-at-r", 0][row] == pytest.approx(sum(precision) / total if total else 0)


def test_one_vector_for_all_photos_finds_nothing() -> None:
    same = np.ones((5, 2), np.float32) / np.sqrt(2)

    found = scores(HAND, same[:3], same, (1, 3, 4, 5))

    assert found["recall", 1].tolist() == found["recall", 3].tolist() == [0, 0, 0]
    assert found["recall", 4].tolist() == [1, 1, 0] and found["recall", 5].tolist() == [1, 1, 1]


STREET = [
    Shown("c1", "a", "test", "street", "TOPS"),
    Shown("c1", "a", "test", "street", "TOPS"),  # of a second pair
    Shown("c2", "b", "test", "street", "TOPS"),
    Shown("c3", "v", "val", "street", "TOPS"),
    Shown("s1", "a", "test", "shop"),
    Shown("s1", "a", "test", "shop"),
    Shown("s2", "v", "val", "shop"),
    Shown("s3", "t", "train", "shop"),
]


def test_each_photo_asks_and_answers_once_however_many_pairs_it_is_in() -> None:
    question = consumer_to_shop(STREET)

    assert question.queries == [("c1", "a"), ("c2", "b")] and question.kinds == ["TOPS", "TOPS"]
    assert question.gallery == ["s1"]
    assert question.unanswered == 1  # b is a miss, and told
    found = scores(question, unit(0, 0), unit(0), (1, 50))
    assert found["recall", 50].tolist() == [1, 0] and found["map-at-r", 0].tolist() == [1, 0]


def test_the_gallery_may_have_the_validation_items_too_and_says_so() -> None:
    question = consumer_to_shop(STREET, "val+test")

    assert question.gallery == ["s1", "s2"] and len(question.queries) == 2
    assert question.rule == "distinct shop photos of val+test items, all categories"


def test_a_photo_of_two_items_answers_for_both() -> None:
    question: Question = in_shop(
        [
            Shown("q", "a", "query", "shop"),
            Shown("q", "b", "query", "shop"),
            Shown("g", "a", "gallery", "shop"),
            Shown("g", "b", "gallery", "shop"),
        ]
    )

    assert question.gallery == ["g"]
    assert [places.tolist() for places in question.relevant()] == [[0], [0]]
