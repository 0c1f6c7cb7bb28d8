"""Words, splits and near photos, recomputed by hand."""

import numpy as np
import pyarrow as pa

from schemas.label import VOCABULARY
from workers.report import lessons
from workers.report.data import NearWord


def test_the_vocabulary_is_told_by_frequency_and_reason() -> None:
    rows = [
        ("und", 90, False, "stop word"),
        ("red", 40, True, "kept"),
        ("hat", 50, True, "kept"),
        ("x", 1, False, "too rare"),
    ]
    table = pa.Table.from_pylist(
        [
            {"word_id": n if kept else -1, "word": word, "document_frequency": df, "kept": kept, "why": why}
            for n, (word, df, kept, why) in enumerate(rows)
        ],
        VOCABULARY,
    )

    found = lessons.vocabulary(table)

    assert [word.word for word in found.curve] == ["und", "hat", "red", "x"]
    assert [word.word for word in found.top] == ["hat", "red"] and found.kept == 2
    assert {(d.why, d.count, d.examples[0]) for d in found.dropped} == {
        ("stop word", 1, ("und", 90)),
        ("too rare", 1, ("x", 1)),
    }


def test_products_and_photos_are_counted_per_split() -> None:
    rows = [("p1", "train", [1, 2]), ("p1", "train", [1, 2]), ("p2", "query", []), ("p2", "gallery", [])]
    batch = pa.RecordBatch.from_pylist([{"product_id": p, "split": s, "words": w} for p, s, w in rows])

    splits, words = lessons.read_labels([batch])

    assert [(s.name, s.products, s.photos) for s in splits] == [
        ("train", 1, 2),
        ("query", 1, 1),
        ("gallery", 1, 1),
    ]
    assert words is not None and words.counts == [1, 0, 1]


def test_near_photos_are_those_of_the_highest_inner_product_over_all_batches() -> None:
    random = np.random.default_rng(0)
    ids = [f"photo {n:03d}" for n in range(300)]
    vectors = random.normal(size=(300, 8)).astype(np.float32)
    word = random.normal(size=8).astype(np.float32)
    kind = pa.list_(pa.float32(), 8)
    words = pa.table({"word": ["red"], "vector": pa.array([word], kind)})
    allowed = ids[::2]
    batches = [
        pa.record_batch({"image_id": ids[n : n + 70], "vector": pa.array(list(vectors[n : n + 70]), kind)})
        for n in range(0, 300, 70)
    ]

    near, among = lessons.near_words(words, {"red": 9}, batches, pa.array(allowed))

    by_hand = sorted(allowed, key=lambda name: -float(vectors[ids.index(name)] @ word))
    assert near[0].image_ids == by_hand[: lessons.NEAR_PHOTOS] and among == 150


def test_a_near_photo_is_right_when_its_shop_says_the_word() -> None:
    gallery = pa.table({"image_id": ["a", "b", "c", "d"], "words": [[1, 2], [2], [], [1]]})

    near = lessons.check_words([NearWord("red", 9, ["a", "b"])], {"red": 1}, gallery)

    assert near[0].said == [True, False] and near[0].usual == 0.5
