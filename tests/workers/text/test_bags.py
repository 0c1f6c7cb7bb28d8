"""workers/text/bags.py: numbers that stand for the same words as the texts have, however they travel."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from workers.text.bags import BAGS, Bags, ReadBags, read_bags
from workers.text.languages import guess, longest_text
from workers.text.words import FIELDS, product_words

PRODUCTS = [
    {"title": "Red dress, red", "categories": ["women", "dresses"], "description": "", "tags": [], "shop": "a"},
    {"title": "Кофта", "categories": [], "description": "Made of soft wool for winter", "tags": ["red"], "shop": "b"},
    {"title": "", "categories": [], "description": "", "tags": [], "shop": "a"},
]  # fmt: skip
SCHEMA = pa.schema(
    [
        (name, pa.list_(pa.string()) if name in ("categories", "tags") else pa.string())
        for name in (*FIELDS, "shop")
    ]
)


def said(bags: Bags, words: list[str] | None = None) -> list[dict[str, list[str]]]:
    names = list(words or bags.words)
    return [
        {
            name: [names[word] for word in bag.ids[bag.starts[n] : bag.starts[n + 1]]]
            for name, bag in bags.fields.items()
        }
        for n in range(len(bags.shops))
    ]


def texts() -> pa.Table:
    return pa.Table.from_pylist(PRODUCTS, SCHEMA)


def test_a_bag_has_the_words_of_its_field() -> None:
    bags = read_bags(texts())

    assert said(bags) == [{name: product_words(product, [name]) for name in FIELDS} for product in PRODUCTS]
    assert list(bags.shops) == ["a", "b", "a"]
    guesses = [guess(longest_text(product)) for product in PRODUCTS]
    assert list(zip(bags.languages, bags.confidences.tolist(), strict=True)) == guesses


def test_a_union_has_each_word_once() -> None:
    bags = read_bags(texts())

    for fields in (["title"], ["title", "tags"], list(FIELDS)):
        union = bags.union(fields)
        for n, product in enumerate(PRODUCTS):
            ids = union.ids[union.starts[n] : union.starts[n + 1]]
            assert {bags.words[word] for word in ids} == set(product_words(product, fields))
            assert (np.diff(ids) > 0).all()


def test_bags_that_travel_as_a_row_are_the_same() -> None:
    bags = read_bags(texts())

    row = bags.row(7)

    assert row.schema.equals(BAGS) and row["unit"].to_pylist() == [7]
    back = Bags.of_row(pa.concat_tables([read_bags(texts().slice(2)).row(1), row]), 1)
    assert said(back) == said(bags) and back.confidences.tolist() == bags.confidences.tolist()
    assert said(Bags.of_row(read_bags(texts().slice(3)).row(0))) == []


def test_numbers_of_a_larger_set_of_words_grow_by_what_is_new() -> None:
    numbers = {"dress": 0, "elsewhere": 1}
    bags = read_bags(texts())

    renumbered = bags.numbered(numbers)

    assert said(renumbered, list(numbers)) == said(bags)
    assert list(numbers)[:2] == ["dress", "elsewhere"] and len(numbers) == len(bags.words) + 1


def test_places_in_the_lake_are_read_by_row(tmp_path: Path) -> None:
    path = str(tmp_path / "part.parquet")
    pq.write_table(texts(), path, row_group_size=2)
    units = [
        {"unit": 3, "path": path, "row_group": 0, "rows": [1]},
        {"unit": 4, "path": path, "row_group": 1, "rows": [0]},
    ]

    found = ReadBags(pafs.LocalFileSystem())(pa.Table.from_pylist(units))

    assert found["unit"].to_pylist() == [3, 4]
    assert said(Bags.of_row(found, 0))[0]["tags"] == ["red"]
    assert said(Bags.of_row(found, 1)) == [{name: [] for name in FIELDS}]
