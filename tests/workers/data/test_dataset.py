"""workers/data/dataset.py: rows of labels as arrays."""

import numpy as np
import pyarrow as pa
import pytest

from schemas.ids import image_id
from schemas.image_ids import hex_of_ids, ids_of_hex
from workers.data.dataset import Dataset

ROWS = [  # image, words, split, group: photo b belongs to two products, c has no words, e is held out
    ("b", [2, 5], "train", 7),
    ("a", [1], "train", 4),
    ("b", [0, 5], "train", 7),
    ("c", [], "train", 9),
    ("e", [1, 2], "query", 3),
    ("d", [9, 11], "train", 4),
]


def sha(name: str) -> str:
    return image_id(name.encode())


def batches(size: int) -> list[pa.RecordBatch]:
    table = pa.table(
        {
            "image_id": [sha(row[0]) for row in ROWS],
            "words": pa.array([row[1] for row in ROWS], pa.list_(pa.int32())),
            "split": [row[2] for row in ROWS],
            "group": pa.array([row[3] for row in ROWS], pa.int64()),
        }
    )
    return table.to_batches(max_chunksize=size)


@pytest.mark.parametrize("size", [1, 2, 6])
def test_photos_are_gathered_once_with_the_words_of_all_their_products(size: int) -> None:
    photos = Dataset.gather(batches(size))

    words = photos.sparse("words")
    named = {
        name: (words.ids[words.starts[n] : words.starts[n + 1]].tolist(), int(photos.dense("product")[n]))
        for n, name in enumerate(hex_of_ids(photos.ids))
    }
    assert named == {
        sha("a"): ([1], 4),
        sha("b"): ([0, 2, 5], 7),
        sha("c"): ([], 9),
        sha("d"): ([9, 11], 4),
    }
    assert hex_of_ids(photos.ids) == sorted(hex_of_ids(photos.ids))


def test_taking_and_finding_photos() -> None:
    photos = Dataset.gather(batches(6))

    few = photos.take(photos.find(ids_of_hex([sha("d"), sha("c"), sha("b")])))

    assert hex_of_ids(few.ids) == [sha("d"), sha("c"), sha("b")]
    assert few.sparse("words").counts.tolist() == [2, 0, 3]
    assert few.sparse("words").ids.tolist() == [9, 11, 0, 2, 5]
    assert few.dense("product").tolist() == [4, 9, 7]


def test_no_rows_are_no_photos() -> None:
    none = Dataset.gather([])

    assert len(none) == 0 and none.sparse("words").starts.tolist() == [0] and hex_of_ids(none.ids) == []


def test_columns_that_are_selected_stay() -> None:
    photos = Dataset.gather(batches(6)).with_columns({"domain": np.zeros(4, np.int64)})

    assert set(photos.select(["words", "domain"]).columns) == {"words", "domain"}
